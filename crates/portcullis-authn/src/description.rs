//! What can be told of a scheme: for documents that describe an API from the values that it enforces.

use portcullis_core::CredentialMethod;

use crate::route::RouteSchemes;
use crate::schemes::{Scheme, Schemes};
use crate::shape::CredentialShape;
use crate::token_support::TokenSupport;

/// A configured scheme, as it can be told to clients. It knows no secret.
#[derive(Clone, Copy)]
pub struct SchemeDescription<'a>(&'a Scheme);

impl<'a> SchemeDescription<'a> {
    /// The configured name.
    #[must_use]
    pub fn name(self) -> &'a str {
        &self.0.name
    }

    /// The kind of credential.
    #[must_use]
    pub fn method(self) -> CredentialMethod {
        self.0.authenticator.method()
    }

    /// Where credentials of the scheme stand and what they look like.
    #[must_use]
    pub fn shapes(self) -> &'a [CredentialShape] {
        &self.0.shapes
    }

    /// How it takes OAuth access tokens; `None` for every other kind of credential.
    #[must_use]
    pub fn token_support(self) -> Option<TokenSupport> {
        self.0.authenticator.token_support()
    }

    /// Whether only routes that name it take it.
    #[must_use]
    pub fn is_only_where_named(self) -> bool {
        self.0.only_where_named
    }
}

impl std::fmt::Debug for SchemeDescription<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SchemeDescription")
            .field("name", &self.name())
            .field("shapes", &self.shapes())
            .finish()
    }
}

impl Schemes {
    /// What can be told of the schemes, in the order of configuration.
    pub fn describe(&self) -> impl Iterator<Item = SchemeDescription<'_>> {
        self.all().iter().map(SchemeDescription)
    }
}

impl RouteSchemes {
    /// What can be told of the schemes of the route, in the order of configuration.
    pub fn describe(&self) -> impl Iterator<Item = SchemeDescription<'_>> {
        self.accepted().map(SchemeDescription)
    }
}
