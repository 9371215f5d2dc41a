//! Whom the client believes.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;

use super::*;

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
        let client = OutboundClient::builder().with_root_pem(self.pem.clone());
        client.insecure_allow_private_networks().build().unwrap()
    }
}

/// A server with a certificate for the name; its URL on `localhost`.
async fn serve_tls(
    authority: &Authority,
    name: &str,
    version: &'static rustls::SupportedProtocolVersion,
) -> Uri {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
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
