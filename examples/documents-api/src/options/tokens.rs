//! What tokens must prove, and who is asked about them.

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use portcullis::Secret;

use super::network;

/// What tokens must prove, and who is asked about them.
#[derive(Clone, Debug, Default, Args)]
#[non_exhaustive]
pub struct TokenOptions {
    /// Whether access tokens may or must be bound to a key of the client (DPoP, RFC 9449). With `required`, log in with
    /// a proof to get a bound token.
    #[arg(long, value_enum, value_name = "MODE", default_value_t)]
    pub dpop: Dpop,

    /// Demand a nonce of this server in each proof of DPoP.
    #[arg(long)]
    pub dpop_nonce: bool,

    /// Believe the `Client-Cert` field (RFC 9440) of proxies in this network; may be repeated.
    #[arg(long = "client-cert-from", value_name = "CIDR", value_parser = network::network)]
    pub client_cert_from: Vec<IpNet>,

    /// Accept the opaque tokens of the outside issuer: ask about them at this endpoint (RFC 7662), or, with `discover`,
    /// at the one that its discovery document names. Needs DOCUMENTS_CLIENT_ID and DOCUMENTS_CLIENT_SECRET.
    #[arg(long, env = "DOCUMENTS_INTROSPECT", value_name = "URL")]
    pub introspect: Option<String>,

    /// What the outside issuer knows this service as: for introspection, and as the audience of its back-channel
    /// logouts, which are taken at `POST /backchannel-logout` if this is given.
    #[arg(long, env = "DOCUMENTS_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,

    /// From `DOCUMENTS_CLIENT_SECRET` alone: command lines are no secret.
    #[arg(skip)]
    pub client_secret: Option<Secret>,
}

/// Whether access tokens are bound to keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Dpop {
    /// Bound and unbound tokens are taken; a bound one needs its proof.
    #[default]
    Allowed,
    /// Every access token must be bound.
    Required,
    /// No bound token is taken.
    Off,
}

impl TokenOptions {
    pub(super) fn faults(&self, issuer: bool) -> impl Iterator<Item = &'static str> {
        let client = self.client_id.is_some() && self.client_secret.is_some();
        let faults = [
            (
                self.dpop_nonce && self.dpop == Dpop::Off,
                "--dpop-nonce makes no sense with --dpop off: no proof is looked at",
            ),
            (
                self.introspect.is_some() && !issuer,
                "--introspect needs --issuer: whose tokens are asked about?",
            ),
            (
                self.introspect.is_some() && !client,
                "--introspect needs DOCUMENTS_CLIENT_ID and DOCUMENTS_CLIENT_SECRET in the environment",
            ),
            (
                self.client_id.is_some() && !issuer,
                "DOCUMENTS_CLIENT_ID needs --issuer: who knows this service by it?",
            ),
        ];
        faults.into_iter().filter_map(|(wrong, why)| wrong.then_some(why))
    }
}
