//! What is known about a connection and about where a request comes from.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::uri::Authority;

use crate::certificate::{CertificateSource, ClientCertificate};

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
///
/// ```
/// use portcullis_core::{TlsFacts, TlsVersion};
///
/// let mut facts = TlsFacts::default();
/// facts.version = Some(TlsVersion::Tls13);
/// assert!(facts.client_certificate().is_none());
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct TlsFacts {
    /// The certificate that the client proved to hold, as DER, leaf first; empty if it sent none.
    pub client_certificates: Vec<Vec<u8>>,
    /// Whether an authority that the server trusts issued it.
    pub client_verified: bool,
    /// The version of the protocol.
    pub version: Option<TlsVersion>,
    /// The cipher suite, by its IANA name, such as `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: Option<&'static str>,
    /// The host that the client asked for (SNI, RFC 6066 §3); text of the client.
    pub server_name: Option<Box<str>>,
    /// The protocol that both agreed on (ALPN, RFC 7301), such as `h2`.
    pub alpn: Option<Box<[u8]>>,
    /// Made of `client_certificates` and `client_verified` when first asked for.
    certificate: OnceLock<ClientCertificate>,
}

impl TlsFacts {
    /// The client's certificate, which all requests of the connection share; `None` if it sent none. A layer asks
    /// [`RequestView::client_certificate`](crate::RequestView::client_certificate) instead: the other end of the
    /// connection may be a proxy.
    #[must_use]
    pub fn client_certificate(&self) -> Option<&ClientCertificate> {
        let (leaf, chain) = self.client_certificates.split_first()?;
        Some(self.certificate.get_or_init(|| {
            ClientCertificate::new(leaf.clone(), CertificateSource::Connection)
                .with_chain(chain.iter().cloned().map(Bytes::from))
                .with_verified(self.client_verified)
        }))
    }
}

impl PartialEq for TlsFacts {
    fn eq(&self, other: &Self) -> bool {
        let facts = |one: &Self| (one.client_verified, one.version, one.cipher_suite);
        facts(self) == facts(other)
            && self.client_certificates == other.client_certificates
            && self.server_name == other.server_name
            && self.alpn == other.alpn
    }
}

impl Eq for TlsFacts {}

/// Prints nothing of the certificates, which name people.
impl fmt::Debug for TlsFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsFacts")
            .field("version", &self.version)
            .field("cipher_suite", &self.cipher_suite)
            .field("server_name", &self.server_name)
            .field("alpn", &self.alpn.as_deref().map(<[u8]>::escape_ascii).map(|text| text.to_string()))
            .field("client_certificates", &self.client_certificates.len())
            .field("client_verified", &self.client_verified)
            .finish_non_exhaustive()
    }
}

/// A version of TLS that is still in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl TlsVersion {
    /// A short, stable name for events, such as `TLSv1.3`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
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
    #[inline]
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
