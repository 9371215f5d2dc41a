//! What the layers are told of a connection.

use portcullis_core::{TlsFacts, TlsVersion};
use rustls::{CipherSuite, ProtocolVersion, ServerConnection};

pub(crate) fn facts(connection: &ServerConnection) -> TlsFacts {
    let mut facts = TlsFacts::default();
    let certificates = connection.peer_certificates().unwrap_or_default();
    facts.client_certificates = certificates.iter().map(|certificate| certificate.to_vec()).collect();
    // The handshake fails for one that does not verify.
    facts.client_verified = !certificates.is_empty();
    facts.version = connection.protocol_version().and_then(|version| match version {
        ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
        ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
        _ => None,
    });
    facts.cipher_suite = connection.negotiated_cipher_suite().and_then(|suite| iana_name(suite.suite()));
    facts.server_name = connection.server_name().map(Into::into);
    facts.alpn = connection.alpn_protocol().map(Into::into);
    facts
}

/// rustls has names of its own for the suites of TLS 1.3.
fn iana_name(suite: CipherSuite) -> Option<&'static str> {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => Some("TLS_AES_128_GCM_SHA256"),
        CipherSuite::TLS13_AES_256_GCM_SHA384 => Some("TLS_AES_256_GCM_SHA384"),
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => Some("TLS_CHACHA20_POLY1305_SHA256"),
        other => other.as_str(),
    }
}
