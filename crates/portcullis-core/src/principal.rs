//! Who calls, whatever the scheme.

mod delegation;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub use self::delegation::Actor;
use crate::claims::Claims;
use crate::scope::{Scope, Scopes};

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

struct Inner {
    subject: Box<str>,
    issuer: Option<Box<str>>,
    tenant: Option<Box<str>>,
    client_id: Option<Box<str>>,
    token_id: Option<Box<str>>,
    session_id: Option<Box<str>>,
    scopes: Scopes,
    roles: Vec<Box<str>>,
    groups: Vec<Box<str>>,
    method: CredentialMethod,
    assurance: Assurance,
    confirmation: Option<Confirmation>,
    expires_at: Option<SystemTime>,
    /// The outermost first.
    actors: Box<[Actor]>,
    acts_as_client: bool,
    claims: Claims,
}

impl Principal {
    /// Starts a principal. Only authenticators and tests make one; nothing on the wire can.
    pub fn builder(subject: impl Into<Box<str>>, method: CredentialMethod) -> PrincipalBuilder {
        PrincipalBuilder(Inner {
            subject: subject.into(),
            issuer: None,
            tenant: None,
            client_id: None,
            token_id: None,
            session_id: None,
            scopes: Scopes::EMPTY,
            roles: Vec::new(),
            groups: Vec::new(),
            method,
            assurance: Assurance::default(),
            confirmation: None,
            expires_at: None,
            actors: Box::default(),
            acts_as_client: false,
            claims: Claims::default(),
        })
    }

    /// The identifier of the caller at its issuer (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Who vouches for the caller (`iss`); `None` for callers that this application itself knows.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    /// The tenant that the caller belongs to.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.0.tenant.as_deref()
    }

    /// The OAuth client that the caller uses (`client_id`).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id.as_deref()
    }

    /// The identifier of the credential (`jti`, or the id of an API key).
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.0.token_id.as_deref()
    }

    /// The identifier of the login session (`sid`).
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.0.session_id.as_deref()
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
        self.0.roles.iter().map(AsRef::as_ref)
    }

    /// Whether the caller has the role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        holds(&self.0.roles, role)
    }

    /// The groups, in order.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.groups.iter().map(AsRef::as_ref)
    }

    /// Whether the caller is in the group.
    #[must_use]
    pub fn in_group(&self, group: &str) -> bool {
        holds(&self.0.groups, group)
    }

    /// By which kind of credential the caller was authenticated.
    #[must_use]
    pub fn method(&self) -> CredentialMethod {
        self.0.method
    }

    /// How and when the caller logged in, as far as the credential says.
    #[must_use]
    pub fn assurance(&self) -> &Assurance {
        &self.0.assurance
    }

    /// The key or certificate that the credential is bound to and that was proven.
    #[must_use]
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.0.confirmation.as_ref()
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
        /// A text or list that is allocated by itself: its pointer, its counters, what the allocator adds.
        const ALLOCATED: usize = 64;
        let inner = &*self.0;
        let single = [&inner.issuer, &inner.tenant, &inner.client_id, &inner.token_id, &inner.session_id];
        let single = single.into_iter().flatten().chain([&inner.subject]).chain(&inner.assurance.acr);
        let listed = inner.roles.iter().chain(&inner.groups).chain(&inner.assurance.amr);
        let texts = single.chain(listed).map(AsRef::as_ref).chain(inner.scopes.iter().map(Scope::as_str));
        let texts: usize = texts.map(|text: &str| text.len() + ALLOCATED).sum();
        size_of::<Inner>() + ALLOCATED + texts + inner.claims.memory()
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("subject", &self.0.subject)
            .field("issuer", &self.0.issuer)
            .field("tenant", &self.0.tenant)
            .field("client_id", &self.0.client_id)
            .field("method", &self.0.method)
            .field("scopes", &format_args!("{}", self.0.scopes))
            .field("roles", &self.0.roles)
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
        fields.serialize_field("roles", &self.0.roles)?;
        fields.serialize_field("groups", &self.0.groups)?;
        let expires_at = self.expires_at().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        fields.serialize_field("expires_at", &expires_at.map(|at| at.as_secs()))?;
        fields.end()
    }
}

/// Makes a [`Principal`]. By default everything but subject and method is absent.
#[must_use]
pub struct PrincipalBuilder(Inner);

impl PrincipalBuilder {
    /// Sets who vouches for the caller.
    pub fn issuer(mut self, issuer: impl Into<Box<str>>) -> Self {
        self.0.issuer = Some(issuer.into());
        self
    }

    /// Sets the tenant.
    pub fn tenant(mut self, tenant: impl Into<Box<str>>) -> Self {
        self.0.tenant = Some(tenant.into());
        self
    }

    /// Sets the OAuth client.
    pub fn client_id(mut self, client_id: impl Into<Box<str>>) -> Self {
        self.0.client_id = Some(client_id.into());
        self
    }

    /// Sets the identifier of the credential.
    pub fn token_id(mut self, token_id: impl Into<Box<str>>) -> Self {
        self.0.token_id = Some(token_id.into());
        self
    }

    /// Sets the identifier of the login session.
    pub fn session_id(mut self, session_id: impl Into<Box<str>>) -> Self {
        self.0.session_id = Some(session_id.into());
        self
    }

    /// Sets the scopes.
    pub fn scopes(mut self, scopes: Scopes) -> Self {
        self.0.scopes = scopes;
        self
    }

    /// Adds a role.
    pub fn role(mut self, role: impl Into<Box<str>>) -> Self {
        self.0.roles.push(role.into());
        self
    }

    /// Adds roles.
    pub fn roles(mut self, roles: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.0.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Adds groups.
    pub fn groups(mut self, groups: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.0.groups.extend(groups.into_iter().map(Into::into));
        self
    }

    /// Sets how and when the caller logged in.
    pub fn assurance(mut self, assurance: Assurance) -> Self {
        self.0.assurance = assurance;
        self
    }

    /// Sets the proven key or certificate.
    pub fn confirmation(mut self, confirmation: Confirmation) -> Self {
        self.0.confirmation = Some(confirmation);
        self
    }

    /// Sets when the credential ends.
    pub fn expires_at(mut self, expires_at: SystemTime) -> Self {
        self.0.expires_at = Some(expires_at);
        self
    }

    /// Sets the claims.
    pub fn claims(mut self, claims: Claims) -> Self {
        self.0.claims = claims;
        self
    }

    /// The finished principal.
    #[must_use]
    pub fn build(mut self) -> Principal {
        for list in [&mut self.0.roles, &mut self.0.groups] {
            list.sort_unstable();
            list.dedup();
        }
        Principal(Arc::new(self.0))
    }
}

impl fmt::Debug for PrincipalBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrincipalBuilder").field("subject", &self.0.subject).finish_non_exhaustive()
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

fn holds(sorted: &[Box<str>], name: &str) -> bool {
    sorted.binary_search_by(|held| held.as_ref().cmp(name)).is_ok()
}
