//! Web origins: scheme, host and port (RFC 6454).

use std::net::Ipv6Addr;

use http::HeaderValue;
use http::uri::Authority;
use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ExternalOrigin};

use crate::authority;

/// An origin as browsers write it in `Origin`: in lower case, without the scheme's default port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebOrigin(String);

impl WebOrigin {
    /// Reads what a user wrote.
    pub(crate) fn from_config(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text).ok_or_else(|| {
            let text = Escaped::new(text);
            let message = format!(
                "`{text}` is no origin such as `https://app.example.com`: scheme, host and port alone"
            );
            ConfigError::new(ConfigCode::InvalidOrigin, message)
        })
    }

    /// The origin of this server, as the client sees it.
    pub(crate) fn of_server(origin: &ExternalOrigin) -> Option<Self> {
        let scheme = if origin.secure { "https" } else { "http" };
        Some(Self::serialise(scheme, origin.authority.as_ref()?))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let mut octets = scheme.bytes();
        // RFC 3986 §3.1.
        let is_scheme = octets.next().is_some_and(|b| b.is_ascii_alphabetic())
            && octets.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        let authority = authority::parse(rest.as_bytes()).filter(|_| is_scheme)?;
        Some(Self::serialise(&scheme.to_ascii_lowercase(), &authority))
    }

    pub(crate) fn to_header_value(&self) -> HeaderValue {
        // INVARIANT: schemes, names, addresses and ports are printable ASCII.
        HeaderValue::try_from(self.0.as_str()).unwrap_or_else(|_| HeaderValue::from_static("null"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn serialise(scheme: &str, authority: &Authority) -> Self {
        let host = host(authority.host());
        match authority.port_u16().filter(|port| Some(*port) != default_port(scheme)) {
            Some(port) => Self(format!("{scheme}://{host}:{port}")),
            None => Self(format!("{scheme}://{host}")),
        }
    }
}

fn host(host: &str) -> String {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match address.and_then(|address| address.parse::<Ipv6Addr>().ok()) {
        Some(address) => format!("[{address}]"),
        None => host.to_ascii_lowercase(),
    }
}

/// The port of a scheme where none is named (RFC 9110 §4.2).
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}
