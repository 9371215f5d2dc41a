//! Whom the client believes.

use std::sync::Arc;

use portcullis_core::Secret;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::OutboundClientBuilder;

/// A certificate authority of one's own.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn client(&self) -> OutboundClient {
        self.builder().build().unwrap()
    }

    fn builder(&self) -> OutboundClientBuilder {
        OutboundClient::builder().with_root_pem(self.pem.clone()).insecure_allow_private_networks()
    }

    /// A certificate and its private key, as PEM.
    fn identity(&self) -> (String, Secret) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["documents-api".to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), Secret::from(key.serialize_pem()))
    }

    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
    }
}

/// A server with a certificate for the name; its URL on `localhost`.
async fn serve_tls(
    authority: &Authority,
    name: &str,
    version: &'static rustls::SupportedProtocolVersion,
) -> Uri {
    serve_asking(authority, name, version, None).await
}

/// The same, for a server that asks for a certificate of that authority.
async fn serve_asking(
    authority: &Authority,
    name: &str,
    version: &'static rustls::SupportedProtocolVersion,
    clients: Option<&Authority>,
) -> Uri {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => builder.with_client_cert_verifier(clients.verifier()),
    };
    let config = builder
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let Ok(mut socket) = acceptor.accept(socket).await else { return };
        let mut request = vec![0; 4096];
        let _ = socket.read(&mut request).await;
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        let _ = socket.shutdown().await;
    });
    format!("https://localhost:{port}/").parse().unwrap()
}

/// A13.3.
#[tokio::test]
async fn a_server_is_believed_by_a_trusted_certificate_for_its_name() {
    let authority = Authority::new();
    for version in [&TLS13, &TLS12] {
        let uri = serve_tls(&authority, "localhost", version).await;
        let fetched = authority.client().get(&uri, HeaderMap::new()).await.unwrap();
        assert_eq!(&*fetched.body, b"ok");
    }
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_refused() {
    let uri = serve_tls(&Authority::new(), "localhost", &TLS13).await;
    let error = Authority::new().client().get(&uri, HeaderMap::new()).await.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let uri = serve_tls(&authority, "login.example.com", &TLS13).await;
    let error = authority.client().get(&uri, HeaderMap::new()).await.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}

#[tokio::test]
async fn leave_to_use_plain_http_is_no_leave_to_skip_certificates() {
    let uri = serve_tls(&Authority::new(), "localhost", &TLS13).await;
    let error = client().get(&uri, HeaderMap::new()).await.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}

/// A4.1, RFC 8705 §2.
#[tokio::test]
async fn proves_itself_by_its_certificate_to_a_server_that_asks_for_one() {
    let authority = Authority::new();
    let (certificate, key) = authority.identity();
    let client = authority.builder().with_identity_pem(certificate, key).build().unwrap();
    assert!(client.has_identity() && !authority.client().has_identity());
    for version in [&TLS13, &TLS12] {
        let uri = serve_asking(&authority, "localhost", version, Some(&authority)).await;
        assert_eq!(&*client.get(&uri, HeaderMap::new()).await.unwrap().body, b"ok");
        let uri = serve_asking(&authority, "localhost", version, Some(&authority)).await;
        assert!(authority.client().get(&uri, HeaderMap::new()).await.is_err(), "without a certificate");
        let uri = serve_asking(&authority, "localhost", version, Some(&Authority::new())).await;
        assert!(client.get(&uri, HeaderMap::new()).await.is_err(), "of another authority");
    }
}

#[test]
fn a_certificate_without_its_key_is_refused_and_the_key_is_not_printed() {
    let authority = Authority::new();
    let ((certificate, key), (other, _)) = (authority.identity(), authority.identity());
    let pem = String::from_utf8(key.expose().to_vec()).unwrap();
    let line = pem.lines().nth(1).unwrap();
    for (certificates, key) in [
        (other, key.clone()),
        (String::new(), key.clone()),
        (certificate.clone(), Secret::from("")),
        (certificate.clone(), Secret::from(certificate.as_str())),
        (pem.clone(), key),
    ] {
        let builder = authority.builder().with_identity_pem(certificates, key);
        assert!(!format!("{builder:?}").contains(line), "{builder:?}");
        let errors = builder.build().unwrap_err();
        assert_eq!(errors.codes().collect::<Vec<_>>(), ["P609"]);
        assert!(!errors.to_string().contains(line), "{errors}");
    }
}
