//! Flags and environment.

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};
use portcullis::oauth::IdentityProvider;

/// An API that takes the tokens of an OpenID Connect provider.
#[derive(Clone, Debug, Parser)]
#[command(name = "oidc-api", version)]
pub(crate) struct Options {
    /// The provider, as the `iss` of its tokens writes it. Its keys are found by discovery, and it need not be up when
    /// this starts. Without it, a stand-in is started, and its tokens are printed.
    #[arg(long, env = "OIDC_ISSUER", value_name = "URL", requires = "audience")]
    pub(crate) issuer: Option<String>,

    /// What the tokens must be meant for: the identifier of this API at the provider.
    #[arg(long, env = "OIDC_AUDIENCE", value_name = "AUDIENCE", requires = "issuer")]
    pub(crate) audience: Option<String>,

    /// How the provider writes its access tokens: which claims are scopes and roles, and what a token says of itself.
    #[arg(long, env = "OIDC_PROVIDER", value_enum, value_name = "KIND", default_value_t)]
    pub(crate) provider: Provider,

    /// The URL under which clients find this API, if a proxy changes it.
    #[arg(long, env = "OIDC_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,

    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "OIDC_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8082")]
    pub(crate) listen: SocketAddr,
}

/// A kind of provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Provider {
    Auth0,
    Cognito,
    EntraId,
    Google,
    Keycloak,
    Okta,
    /// Any that writes access tokens as RFC 9068 has them.
    #[default]
    Rfc9068,
}

impl Provider {
    /// What is to be known of its tokens.
    pub(crate) fn describe(self) -> Option<IdentityProvider> {
        Some(match self {
            Self::Auth0 => IdentityProvider::auth0(),
            Self::Cognito => IdentityProvider::cognito(),
            Self::EntraId => IdentityProvider::entra_id(),
            Self::Google => IdentityProvider::google(),
            Self::Keycloak => IdentityProvider::keycloak(),
            Self::Okta => IdentityProvider::okta(),
            Self::Rfc9068 => return None,
        })
    }
}

impl Options {
    /// Believes an issuer on loopback.
    pub(crate) fn stand_in(&mut self, issuer: &str, audience: &str) {
        self.issuer = Some(issuer.to_owned());
        self.audience = Some(audience.to_owned());
    }
}
