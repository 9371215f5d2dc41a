//! What is known about a connection and about where a request comes from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::uri::Authority;

/// What the server knows of the connection. An acceptor puts it into the extensions of every request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConnectionFacts {
    /// The other end of the connection: a client or a proxy.
    pub peer: Option<SocketAddr>,
    /// What the TLS layer knows; `None` for plain HTTP.
    pub tls: Option<Arc<TlsFacts>>,
}

impl ConnectionFacts {
    /// A plain connection from that peer.
    #[must_use]
    pub fn plain(peer: SocketAddr) -> Self {
        Self { peer: Some(peer), tls: None }
    }

    /// A TLS connection from that peer.
    #[must_use]
    pub fn tls(peer: SocketAddr, tls: Arc<TlsFacts>) -> Self {
        Self { peer: Some(peer), tls: Some(tls) }
    }
}

/// What is known of a TLS connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsFacts {
    /// The certificate that the client proved to hold, as DER, leaf first; empty if it sent none.
    pub client_certificates: Vec<Vec<u8>>,
}

/// Who sent the request, after looking through trusted proxies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientAddress {
    /// Nobody knows: no peer address, or a trusted proxy said `unknown` or an obfuscated name
    /// (RFC 7239 §6).
    #[default]
    Unknown,
    /// The peer of the connection.
    Peer(IpAddr),
    /// As a trusted proxy forwarded it.
    Forwarded(IpAddr),
}

impl ClientAddress {
    /// The address, if one is known. IPv4-mapped IPv6 addresses are IPv4 (A19.5).
    #[must_use]
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Unknown => None,
            Self::Peer(ip) | Self::Forwarded(ip) => Some(ip.to_canonical()),
        }
    }
}

/// Scheme, host and port as the client used them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExternalOrigin {
    /// Whether the client used https.
    pub secure: bool,
    /// Host and port, as the client wrote them, if they are known and well-formed.
    pub authority: Option<Authority>,
    /// Whether the request reached this server over a loopback connection that no proxy forwarded.
    pub loopback: bool,
}

impl ExternalOrigin {
    /// An origin of these parts.
    #[must_use]
    pub fn new(secure: bool, authority: Option<Authority>, loopback: bool) -> Self {
        Self { secure, authority, loopback }
    }
}
