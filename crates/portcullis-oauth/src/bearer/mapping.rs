//! Which claims become scopes, roles, groups and the tenant, and which tell a client from a user.

use super::issuer::Issuer;
use crate::json::{Json, Members};
use crate::profiles::IdentityProvider;

/// How many may act for a caller, one within the other, unless said otherwise.
pub const DEFAULT_MAX_ACTORS: usize = 4;

/// The names of the members on the way to a claim.
pub(crate) type ClaimPath = Box<[Box<str>]>;

/// Nothing but `scope` is believed without being named.
#[derive(Clone, Debug)]
pub(crate) struct ClaimMapping {
    /// In place of `scope`.
    pub(crate) scopes: Vec<ClaimPath>,
    pub(crate) roles: Vec<ClaimPath>,
    pub(crate) groups: Vec<ClaimPath>,
    pub(crate) tenant: Option<ClaimPath>,
    /// One of them is enough.
    pub(crate) client_marks: Vec<ClientMark>,
    pub(crate) max_actors: usize,
    /// Whether the client stands for the audience in a token without `aud`.
    pub(crate) client_is_audience: bool,
}

impl Default for ClaimMapping {
    fn default() -> Self {
        Self {
            scopes: Vec::new(),
            roles: Vec::new(),
            groups: Vec::new(),
            tenant: None,
            client_marks: Vec::new(),
            max_actors: DEFAULT_MAX_ACTORS,
            client_is_audience: false,
        }
    }
}

impl ClaimMapping {
    /// Whether a mark says that the token speaks for a client on its own behalf.
    pub(crate) fn tells_client(&self, claims: Members<'_, '_>) -> bool {
        self.client_marks.iter().any(|mark| mark.is_on(claims))
    }
}

/// What the tokens have that a client gets for itself.
#[derive(Clone, Debug)]
pub(crate) struct ClientMark {
    pub(crate) claim: Box<str>,
    pub(crate) sign: Sign,
}

#[derive(Clone, Debug)]
pub(crate) enum Sign {
    Absent,
    BeginsWith(Box<str>),
    EndsWith(Box<str>),
    Is(Box<str>),
}

impl ClientMark {
    pub(crate) fn new(claim: impl Into<Box<str>>, sign: Sign) -> Self {
        Self { claim: claim.into(), sign }
    }

    fn is_on(&self, claims: Members<'_, '_>) -> bool {
        let value = claims.get(&self.claim);
        let text = value.and_then(Json::as_text);
        match &self.sign {
            Sign::Absent => value.is_none(),
            Sign::BeginsWith(start) => text.is_some_and(|text| text.starts_with(start.as_ref())),
            Sign::EndsWith(end) => text.is_some_and(|text| text.ends_with(end.as_ref())),
            Sign::Is(whole) => text == Some(whole),
        }
    }
}

/// What the claims of an issuer mean.
impl Issuer {
    /// Reads tokens as this kind of provider writes them: their profile, and which claims are scopes, roles, groups
    /// and the tenant. What is said afterwards is added, or stands in its place. By default, tokens are those of
    /// RFC 9068.
    pub fn provider(mut self, provider: IdentityProvider) -> Self {
        provider.apply(&mut self.rules);
        self
    }

    /// Reads scopes from the claim at this path in place of `scope`: one text with spaces, or a list of texts.
    /// May be called several times. By default, only `scope` counts, as one text.
    pub fn scopes_from<I>(mut self, names: I) -> Self
    where
        I: IntoIterator<Item: Into<Box<str>>>,
    {
        self.rules.mapping.scopes.push(path(names));
        self
    }

    /// Reads roles from the claim at this path, such as `["realm_access", "roles"]`: a list of texts, a list of
    /// objects with a text `value` (RFC 9068 §2.2.3.1), or one text. May be called several times. By default, no
    /// claim becomes a role.
    pub fn roles_from<I>(mut self, names: I) -> Self
    where
        I: IntoIterator<Item: Into<Box<str>>>,
    {
        self.rules.mapping.roles.push(path(names));
        self
    }

    /// Reads groups as [`roles_from`](Self::roles_from) reads roles. By default, no claim becomes a group.
    pub fn groups_from<I>(mut self, names: I) -> Self
    where
        I: IntoIterator<Item: Into<Box<str>>>,
    {
        self.rules.mapping.groups.push(path(names));
        self
    }

    /// Reads the tenant from the text claim at this path, such as `["tid"]`. By default, there is no tenant.
    pub fn tenant_from<I>(mut self, names: I) -> Self
    where
        I: IntoIterator<Item: Into<Box<str>>>,
    {
        self.rules.mapping.tenant = Some(path(names));
        self
    }

    /// Takes the caller for a client on its own behalf where the claim is this text, such as `idtyp` and `app`; see
    /// [`Principal::is_client`](portcullis_core::Principal::is_client). May be called several times. By default, only
    /// a subject that equals the client tells (RFC 9068 §5).
    pub fn client_where(mut self, claim: impl Into<Box<str>>, is: impl Into<Box<str>>) -> Self {
        self.rules.mapping.client_marks.push(ClientMark::new(claim, Sign::Is(is.into())));
        self
    }

    /// Sets how many may act for a caller, one within the other (`act`, RFC 8693 §4.1); a token with more is refused.
    /// By default, this is [`DEFAULT_MAX_ACTORS`]. A token is refused anyway if it is nested beyond 16 levels.
    pub fn max_actors(mut self, actors: usize) -> Self {
        self.rules.mapping.max_actors = actors;
        self
    }

    /// Takes a token without `aud` whose `client_id` is one of the audiences. By default, a token without `aud` is
    /// refused.
    ///
    /// # What must protect it instead
    /// The clients that are named must be made for this API alone: such a token says who asked for it and not for
    /// whom it is meant, so any other API that the client calls can use it here. Where the provider knows a better
    /// way, such as resource binding in Amazon Cognito, which writes `aud`, prefer that.
    pub fn insecure_client_id_as_audience(mut self) -> Self {
        self.rules.mapping.client_is_audience = true;
        self
    }
}

pub(crate) fn path<I>(names: I) -> ClaimPath
where
    I: IntoIterator<Item: Into<Box<str>>>,
{
    names.into_iter().map(Into::into).collect()
}
