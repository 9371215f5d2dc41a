//! Flags and environment.

mod command;
mod issuer;
mod network;
mod rate;
mod tls;
mod tokens;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Arg, CommandFactory, FromArgMatches, Parser};
use ipnet::IpNet;
use portcullis::Secret;

pub use self::command::{Command, Format};
pub use self::issuer::IssuerUrl;
pub use self::rate::Rate;
pub use self::tls::TlsOptions;
pub use self::tokens::{Dpop, TokenOptions};

/// A documents service, protected end to end by Portcullis.
///
/// Started without any option it makes its database, users and keys in `data/`, listens on 127.0.0.1:8080, and
/// prints curl lines to try.
#[derive(Clone, Debug, Parser)]
#[command(name = "documents-api", version)]
#[non_exhaustive]
pub struct Options {
    /// Folder of the database, the signing key and the demo credentials; created if it is not there.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,

    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "DOCUMENTS_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    #[arg(value_parser = network::address)]
    pub listen: SocketAddr,

    /// Accept the tokens of this outside issuer besides the service's own; its keys are found by discovery.
    /// Plain http is accepted for loopback addresses only.
    #[arg(long, env = "DOCUMENTS_ISSUER", value_name = "URL")]
    pub issuer: Option<IssuerUrl>,

    /// The audience that tokens of the outside issuer must be meant for.
    #[arg(long, env = "DOCUMENTS_AUDIENCE", value_name = "AUDIENCE")]
    pub audience: Option<String>,

    /// Take the keys of the outside issuer from this JWK set instead of discovery.
    #[arg(long, env = "DOCUMENTS_JWKS", value_name = "FILE")]
    pub jwks: Option<PathBuf>,

    /// Append every audit event to this file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,

    /// Believe what proxies in this network say about the client's address and scheme; may be repeated. They must send
    /// `X-Forwarded-Proto`: credentials that come through one that does not are refused.
    #[arg(long = "trusted-proxy", value_name = "CIDR", value_parser = network::network)]
    pub trusted_proxies: Vec<IpNet>,

    /// The URL under which clients know this service, such as `https://documents.example.com`, if a proxy changes it: the
    /// proofs of DPoP name it, and so do the metadata.
    #[arg(long, env = "DOCUMENTS_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// What tokens must prove, and who is asked about them.
    #[command(flatten)]
    pub tokens: TokenOptions,

    /// The files of TLS.
    #[command(flatten)]
    pub tls: TlsOptions,

    /// How many requests a client may send in how many seconds.
    #[arg(long, value_name = "REQUESTS/SECONDS", default_value_t = Rate::GENEROUS)]
    pub rate: Rate,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Options {
    /// Reads flags and environment; ends the process with a message if one of them cannot be read.
    ///
    /// A variable that is empty counts as not set: it is what a compose file makes of one that nobody gave.
    pub fn from_command_line() -> Self {
        let mut command = Self::command().mut_args(without_empty_variable);
        let options = Self::from_arg_matches(&command.get_matches_mut());
        let mut options = options.unwrap_or_else(|error| error.format(&mut command).exit());
        let secret = std::env::var("DOCUMENTS_CLIENT_SECRET").ok();
        options.tokens.client_secret = secret.filter(|secret| !secret.is_empty()).map(Secret::from);
        options
    }

    /// The defaults, with that folder and a free port on loopback.
    pub fn in_folder(data: impl Into<PathBuf>) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            data: data.into(),
            listen,
            issuer: None,
            audience: None,
            jwks: None,
            audit: None,
            trusted_proxies: Vec::new(),
            public_url: None,
            tokens: TokenOptions::default(),
            tls: TlsOptions::default(),
            rate: Rate::GENEROUS,
            command: None,
        }
    }

    /// Everything in which the options do not fit together.
    pub fn contradictions(&self) -> Vec<&'static str> {
        let mut wrong = Vec::new();
        if self.issuer.is_some() && self.audience.is_none() {
            wrong.push("--issuer needs --audience: a token that names no audience is good for nothing");
        }
        if self.audience.is_some() && self.issuer.is_none() {
            wrong.push("--audience needs --issuer: it is for the tokens of an outside issuer");
        }
        if self.jwks.is_some() && self.issuer.is_none() {
            wrong.push("--jwks needs --issuer: whose keys are they?");
        }
        if self.audience.as_deref().is_some_and(|audience| audience.trim().is_empty()) {
            wrong.push("--audience is empty");
        }
        wrong.extend(self.tokens.faults(self.issuer.is_some()));
        wrong.extend(self.tls.faults());
        wrong
    }
}

fn without_empty_variable(argument: Arg) -> Arg {
    let is_empty = argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if is_empty { argument.env(None::<&'static str>) } else { argument }
}

#[cfg(test)]
mod tests;
