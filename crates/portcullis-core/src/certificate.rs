//! The certificate by which a client proved who it is, wherever TLS ended.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

/// A certificate whose private key the client proved to hold; clones are free.
///
/// That proof is all there need be for a token that is bound to the certificate (RFC 8705 §3). Who takes the
/// *names* in it for an identity asks [`is_verified`](Self::is_verified) too.
///
/// ```
/// use portcullis_core::{CertificateSource, ClientCertificate};
///
/// let certificate = ClientCertificate::new(vec![0x30, 0x00], CertificateSource::Proxy);
/// assert_eq!(certificate.leaf(), &[0x30, 0x00][..]);
/// assert!(!certificate.is_verified() && certificate.clone().with_verified(true).is_verified());
/// ```
#[derive(Clone)]
pub struct ClientCertificate(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    leaf: Bytes,
    chain: Box<[Bytes]>,
    verified: bool,
    source: CertificateSource,
    thumbprint: OnceLock<[u8; 32]>,
    read: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// Who saw the client prove that it holds the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateSource {
    /// This server, in the TLS handshake of the connection.
    Connection,
    /// A trusted proxy, which ended TLS and wrote the certificate to a field (RFC 9440).
    Proxy,
}

impl ClientCertificate {
    /// A certificate as DER. By default, it has no chain and is not verified.
    #[must_use]
    pub fn new(leaf: impl Into<Bytes>, source: CertificateSource) -> Self {
        Self(Arc::new(Inner {
            leaf: leaf.into(),
            chain: [].into(),
            verified: false,
            source,
            thumbprint: OnceLock::new(),
            read: OnceLock::new(),
        }))
    }

    /// Adds the certificates of the authorities that the client sent along, as DER, without the leaf.
    #[must_use]
    pub fn with_chain(self, chain: impl IntoIterator<Item = Bytes>) -> Self {
        self.change(|inner| inner.chain = chain.into_iter().collect())
    }

    /// Says whether whoever ended TLS found that a trusted authority issued it.
    #[must_use]
    pub fn with_verified(self, verified: bool) -> Self {
        self.change(|inner| inner.verified = verified)
    }

    /// The certificate of the client itself, as DER.
    #[must_use]
    pub fn leaf(&self) -> &Bytes {
        &self.0.leaf
    }

    /// What the client sent beside it, as DER, without the leaf. Nobody need have looked at it.
    #[must_use]
    pub fn chain(&self) -> &[Bytes] {
        &self.0.chain
    }

    /// Whether whoever ended TLS found that an authority which is trusted there issued it. Without that, the names
    /// in it are what the client likes to be called.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.0.verified
    }

    /// Who saw the proof.
    #[must_use]
    pub fn source(&self) -> CertificateSource {
        self.0.source
    }

    /// The SHA-256 of the leaf (`x5t#S256`, RFC 8705 §3.1), computed by the function when it is first asked for and
    /// remembered for as long as the certificate, so for all requests of a connection.
    pub fn thumbprint_s256(&self, sha256: impl FnOnce(&[u8]) -> [u8; 32]) -> &[u8; 32] {
        self.0.thumbprint.get_or_init(|| sha256(&self.0.leaf))
    }

    /// What a room reads in the leaf, by a function that is asked once: its answer is kept for as long as the
    /// certificate, so for all requests of a connection. A proxy passes a certificate on with each request, and so it is
    /// read at each.
    ///
    /// One type is kept, that of the first who asks; whoever asks for another gets `None` and reads for itself.
    pub fn read_once<T: Send + Sync + 'static>(&self, read: impl FnOnce(&[u8]) -> T) -> Option<&T> {
        self.0.read.get_or_init(|| Arc::new(read(&self.0.leaf))).downcast_ref()
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl PartialEq for ClientCertificate {
    fn eq(&self, other: &Self) -> bool {
        let facts = |inner: &Inner| (inner.verified, inner.source);
        facts(&self.0) == facts(&other.0) && self.0.leaf == other.0.leaf && self.0.chain == other.0.chain
    }
}

impl Eq for ClientCertificate {}

/// Prints nothing of the certificate, which names people.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("source", &self.0.source)
            .field("verified", &self.0.verified)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientAddress, Clock, ConnectionFacts, RequestView, TlsFacts, Trail};

    #[test]
    fn computes_the_thumbprint_once_for_all_clones() {
        let certificate = ClientCertificate::new(vec![1, 2], CertificateSource::Connection);
        let clone = certificate.clone();
        let first = |der: &[u8]| [der.len() as u8; 32];
        assert_eq!(certificate.thumbprint_s256(first), &[2; 32]);
        assert_eq!(clone.thumbprint_s256(|_| [9; 32]), &[2; 32]);
    }

    #[test]
    fn is_read_once_for_all_clones_and_keeps_one_type() {
        let certificate = ClientCertificate::new(vec![1, 2], CertificateSource::Connection);
        let clone = certificate.clone();
        assert_eq!(certificate.read_once(<[u8]>::len), Some(&2));
        assert_eq!(clone.read_once(|_| 9_usize), Some(&2));
        assert_eq!(clone.read_once(|_| "another"), None);
        // All requests of a connection have one.
        let mut facts = TlsFacts::default();
        facts.client_certificates.push(vec![1, 2, 3]);
        let facts = Arc::new(facts);
        assert_eq!(facts.client_certificate().unwrap().read_once(<[u8]>::len), Some(&3));
        assert_eq!(Arc::clone(&facts).client_certificate().unwrap().read_once(|_| 9_usize), Some(&3));
    }

    #[test]
    fn debug_shows_nothing_of_the_certificate() {
        let certificate = ClientCertificate::new("s3cret".as_bytes(), CertificateSource::Proxy)
            .with_chain([Bytes::from_static(b"s3cret")]);
        let mut facts = TlsFacts::default();
        facts.client_certificates.push(b"s3cret".to_vec());
        let printed = format!("{certificate:?} {facts:?}");
        assert!(printed.contains("Proxy") && !printed.contains("s3cret") && !printed.contains("115, 51"));
    }

    fn over_tls(certificates: &[&[u8]], verified: bool) -> http::Request<()> {
        let mut facts = TlsFacts::default();
        facts.client_certificates = certificates.iter().map(|der| der.to_vec()).collect();
        facts.client_verified = verified;
        let mut request = http::Request::new(());
        let peer = "192.0.2.1:1".parse().unwrap();
        request.extensions_mut().insert(ConnectionFacts::tls(peer, facts.into()));
        Trail::ensure(request.extensions_mut(), &Clock::system());
        request
    }

    fn found(request: &http::Request<()>) -> Option<ClientCertificate> {
        RequestView::of(request).unwrap().client_certificate().cloned()
    }

    #[test]
    fn the_connections_certificate_counts_where_nobody_says_otherwise() {
        let request = over_tls(&[b"leaf", b"issuer"], true);
        let certificate = found(&request).unwrap();
        assert_eq!(certificate.leaf(), "leaf");
        assert_eq!(certificate.chain(), ["issuer"]);
        assert_eq!(certificate.source(), CertificateSource::Connection);
        assert!(certificate.is_verified());
        assert!(!found(&over_tls(&[b"leaf"], false)).unwrap().is_verified());
        assert_eq!(found(&over_tls(&[], true)), None);
        Trail::of(request.extensions()).unwrap().set_client(ClientAddress::Peer([192, 0, 2, 1].into()));
        assert_eq!(found(&request), Some(certificate));
    }

    #[test]
    fn the_certificate_of_a_proxy_is_not_that_of_its_client() {
        for client in [ClientAddress::Forwarded([203, 0, 113, 9].into()), ClientAddress::Unknown] {
            let request = over_tls(&[b"proxy"], true);
            Trail::of(request.extensions()).unwrap().set_client(client);
            assert_eq!(found(&request), None, "{client:?}");
        }
    }

    #[test]
    fn what_the_trail_says_counts_also_when_it_says_none() {
        let forwarded = ClientCertificate::new("client".as_bytes(), CertificateSource::Proxy);
        for said in [Some(forwarded), None] {
            let request = over_tls(&[b"proxy"], true);
            let trail = Trail::of(request.extensions()).unwrap();
            trail.set_client_certificate(said.clone());
            trail.set_client_certificate(None);
            assert_eq!(found(&request), said);
        }
    }
}
