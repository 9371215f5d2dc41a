//! What a scheme for access tokens publishes about itself.

/// How a scheme takes OAuth access tokens, for the metadata of the protected resource (RFC 9728 §2).
///
/// It is made from the values that the scheme enforces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct TokenSupport {
    authorization_servers: Vec<Box<str>>,
    dpop_algorithms: Vec<Box<str>>,
    requires_dpop: bool,
    takes_certificate_bound: bool,
}

impl TokenSupport {
    /// Bearer tokens of these authorization servers, by their issuer identifiers. There may be none, if they are not
    /// known.
    pub fn new(authorization_servers: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        let authorization_servers = authorization_servers.into_iter().map(Into::into).collect();
        Self { authorization_servers, ..Self::default() }
    }

    /// Also takes tokens that are bound to a DPoP key, with proofs by these algorithms (RFC 9449). By default, none.
    pub fn dpop(mut self, algorithms: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.dpop_algorithms = algorithms.into_iter().map(Into::into).collect();
        self
    }

    /// Says whether every token must be bound to a DPoP key. By default, none need be.
    pub fn requiring_dpop(mut self, required: bool) -> Self {
        self.requires_dpop = required;
        self
    }

    /// Says whether tokens that are bound to a client certificate are taken (RFC 8705). By default, they are not.
    pub fn certificate_bound(mut self, taken: bool) -> Self {
        self.takes_certificate_bound = taken;
        self
    }

    /// The issuer identifiers of the authorization servers.
    pub fn authorization_servers(&self) -> impl Iterator<Item = &str> {
        self.authorization_servers.iter().map(AsRef::as_ref)
    }

    /// The algorithms of DPoP proofs; none where DPoP is not taken.
    pub fn dpop_algorithms(&self) -> impl Iterator<Item = &str> {
        self.dpop_algorithms.iter().map(AsRef::as_ref)
    }

    /// Whether every token must be bound to a DPoP key.
    #[must_use]
    pub fn requires_dpop(&self) -> bool {
        self.requires_dpop
    }

    /// Whether tokens that are bound to a client certificate are taken.
    #[must_use]
    pub fn takes_certificate_bound(&self) -> bool {
        self.takes_certificate_bound
    }
}
