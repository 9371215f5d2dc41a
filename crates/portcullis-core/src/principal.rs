//! Who calls, whatever the scheme.

mod builder;
mod delegation;
mod numbered;
mod texts;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub use self::builder::PrincipalBuilder;
pub use self::delegation::Actor;
use self::numbered::Numbered;
use crate::claims::Claims;
use crate::scope::Scopes;
use crate::source::{SourceText, Span};

/// The authenticated caller. Every scheme yields this one type; clones are free.
///
/// A user is identified by [`issuer`](Self::issuer) and [`subject`](Self::subject) together (OWASP ASVS
/// 10.3.3): the same subject at another issuer is somebody else.
///
/// ```
/// use portcullis_core::{CredentialMethod, Principal, Scopes};
///
/// let caller = Principal::builder("alice", CredentialMethod::Basic)
///     .scopes(Scopes::parse("documents:read").unwrap())
///     .role("editor")
///     .build();
/// assert!(caller.has_scope("documents:read") && caller.has_role("editor"));
/// assert!(!caller.has_role("admin"));
/// ```
#[derive(Clone)]
pub struct Principal(Arc<Inner>);

/// Thousands are remembered, so that what few callers have stands apart.
struct Inner {
    claims: Claims,
    /// How many octets of the texts below stand in the JSON of the claims: all of it, or none.
    shared: u32,
    /// The other texts, in one allocation, as if they followed that JSON.
    texts: Box<str>,
    subject: Span,
    issuer: Span,
    tenant: Span,
    client_id: Span,
    token_id: Span,
    session_id: Span,
    scopes: Scopes,
    /// So many roles, and then the groups, each sorted.
    names: Box<[Span]>,
    roles: usize,
    acts_as_client: bool,
    method: Numbered,
    expires_at: Option<SystemTime>,
    rare: Option<Box<Rare>>,
}

/// What few callers have.
#[derive(Default)]
struct Rare {
    /// The name of a method that has no number.
    other_method: &'static str,
    assurance: Assurance,
    confirmation: Option<Confirmation>,
    /// The outermost first.
    actors: Vec<Actor>,
}

/// Of callers that have nothing of that.
static NOTHING_RARE: Rare = Rare {
    other_method: "",
    assurance: Assurance { acr: None, amr: Vec::new(), auth_time: None },
    confirmation: None,
    actors: Vec::new(),
};

impl Principal {
    /// Starts a principal. Only authenticators and tests make one; nothing on the wire can.
    pub fn builder(subject: impl AsRef<str>, method: CredentialMethod) -> PrincipalBuilder {
        PrincipalBuilder::new(None, subject.as_ref(), method)
    }

    /// The same from the text of a credential, which holds its claims: names that are parts of what was read need no text
    /// of their own.
    pub fn builder_from(source: &SourceText, subject: &str, method: CredentialMethod) -> PrincipalBuilder {
        PrincipalBuilder::new(Some(source.clone()), subject, method)
    }

    /// The identifier of the caller at its issuer (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.text(self.0.subject).unwrap_or_default()
    }

    /// Who vouches for the caller (`iss`); `None` for callers that this application itself knows.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.0.text(self.0.issuer)
    }

    /// The tenant that the caller belongs to.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.0.text(self.0.tenant)
    }

    /// The OAuth client that the caller uses (`client_id`).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.0.text(self.0.client_id)
    }

    /// The identifier of the credential (`jti`, or the id of an API key).
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.0.text(self.0.token_id)
    }

    /// The identifier of the login session (`sid`).
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.0.text(self.0.session_id)
    }

    /// The scopes that the credential carries.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.0.scopes
    }

    /// Whether the credential carries the scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.0.scopes.contains(scope)
    }

    /// The roles, in order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.0.named(self.0.roles())
    }

    /// Whether the caller has the role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.0.holds(self.0.roles(), role)
    }

    /// The groups, in order.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.named(self.0.groups())
    }

    /// Whether the caller is in the group.
    #[must_use]
    pub fn in_group(&self, group: &str) -> bool {
        self.0.holds(self.0.groups(), group)
    }

    /// By which kind of credential the caller was authenticated.
    #[must_use]
    pub fn method(&self) -> CredentialMethod {
        self.0.method.method().unwrap_or_else(|| CredentialMethod::Other(self.0.rare().other_method))
    }

    /// How and when the caller logged in, as far as the credential says.
    #[must_use]
    pub fn assurance(&self) -> &Assurance {
        &self.0.rare().assurance
    }

    /// The key or certificate that the credential is bound to and that was proven.
    #[must_use]
    #[inline]
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.0.rare.as_ref()?.confirmation.as_ref()
    }

    /// When the credential ends.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.expires_at
    }

    /// Everything else that the credential says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.0.claims
    }

    /// The memory that it takes at most, in octets, also once its claims were read: what a cache counts.
    #[must_use]
    pub fn memory(&self) -> usize {
        /// What is allocated by itself: its counters, what the allocator adds.
        const ALLOCATED: usize = 64;
        let inner = &*self.0;
        let text = |text: &str| text.len() + ALLOCATED;
        let rare = inner.rare.as_ref().map_or(0, |rare| {
            let assurance: usize =
                rare.assurance.amr.iter().chain(&rare.assurance.acr).map(|name| text(name)).sum();
            let actors: usize = rare.actors.iter().flat_map(Actor::texts).map(text).sum();
            size_of::<Rare>() + assurance + size_of_val(&*rare.actors) + actors + ALLOCATED
        });
        let scopes: usize = inner.scopes.iter().map(|scope| text(scope.as_str())).sum();
        let shared = size_of::<Inner>() + inner.texts.len() + size_of_val(&*inner.names) + 4 * ALLOCATED;
        shared + rare + scopes + inner.claims.memory()
    }
}

impl Inner {
    /// The text at that place: in the claims, or else among the others behind them.
    fn text(&self, span: Span) -> Option<&str> {
        match span.after(self.shared) {
            Some(own) => own.of(&self.texts),
            None => span.of(self.claims.source().unwrap_or_default()),
        }
    }

    fn roles(&self) -> &[Span] {
        self.names.split_at_checked(self.roles).map_or(&[], |(roles, _)| roles)
    }

    fn groups(&self) -> &[Span] {
        self.names.split_at_checked(self.roles).map_or(&[], |(_, groups)| groups)
    }

    fn rare(&self) -> &Rare {
        self.rare.as_deref().unwrap_or(&NOTHING_RARE)
    }

    fn named(&self, spans: &[Span]) -> impl Iterator<Item = &str> {
        spans.iter().filter_map(|span| self.text(*span))
    }

    /// Whether the names, which are sorted, have this one.
    fn holds(&self, sorted: &[Span], name: &str) -> bool {
        sorted.binary_search_by(|span| self.text(*span).cmp(&Some(name))).is_ok()
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("subject", &self.subject())
            .field("issuer", &self.issuer())
            .field("tenant", &self.tenant())
            .field("client_id", &self.client_id())
            .field("method", &self.method())
            .field("scopes", &format_args!("{}", self.0.scopes))
            .field("roles", &self.roles().collect::<Vec<_>>())
            .field("actor", &self.actor())
            .field("claims", &self.0.claims)
            .finish_non_exhaustive()
    }
}

/// As an answer to "who am I": everything but the claims' values, the token's and the session's identifiers.
impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Principal", 9)?;
        fields.serialize_field("subject", self.subject())?;
        fields.serialize_field("issuer", &self.issuer())?;
        fields.serialize_field("tenant", &self.tenant())?;
        fields.serialize_field("client_id", &self.client_id())?;
        fields.serialize_field("method", self.method().as_str())?;
        fields.serialize_field("scopes", self.scopes())?;
        fields.serialize_field("roles", &self.roles().collect::<Vec<_>>())?;
        fields.serialize_field("groups", &self.groups().collect::<Vec<_>>())?;
        let expires_at = self.expires_at().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        fields.serialize_field("expires_at", &expires_at.map(|at| at.as_secs()))?;
        fields.end()
    }
}

/// The kind of credential that authenticated a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialMethod {
    /// A static key of this application.
    ApiKey,
    /// User name and password (RFC 7617).
    Basic,
    /// A TLS client certificate.
    ClientCertificate,
    /// An opaque token, looked up at its issuer (RFC 7662).
    Introspection,
    /// A signed token (RFC 9068).
    Jwt,
    /// A login session.
    Session,
    /// A scheme of the application's own, by name.
    Other(&'static str),
}

impl CredentialMethod {
    /// A short, stable name for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Basic => "basic",
            Self::ClientCertificate => "client_certificate",
            Self::Introspection => "introspection",
            Self::Jwt => "jwt",
            Self::Session => "session",
            Self::Other(name) => name,
        }
    }
}

/// How strongly and how recently the caller logged in (RFC 9470, OpenID Connect Core §2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assurance {
    /// The authentication context class (`acr`).
    pub acr: Option<Box<str>>,
    /// The methods used (`amr`).
    pub amr: Vec<Box<str>>,
    /// When the login took place (`auth_time`).
    pub auth_time: Option<SystemTime>,
}

/// What a credential is bound to, once proven.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmation {
    /// The SHA-256 of the client certificate (`x5t#S256`, RFC 8705 §3.1).
    Certificate([u8; 32]),
    /// The SHA-256 JWK thumbprint of the DPoP key (`jkt`, RFC 9449 §6.1).
    DpopKey([u8; 32]),
}
