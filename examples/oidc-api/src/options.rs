//! Flags and environment.

use std::net::SocketAddr;

use clap::Parser;

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

    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "OIDC_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8082")]
    pub(crate) listen: SocketAddr,
}

impl Options {
    /// Believes an issuer on loopback.
    pub(crate) fn stand_in(&mut self, issuer: &str, audience: &str) {
        self.issuer = Some(issuer.to_owned());
        self.audience = Some(audience.to_owned());
    }
}
