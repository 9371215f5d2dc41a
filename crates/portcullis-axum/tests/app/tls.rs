//! The server over TLS: who clients are by their certificate, and those who are slow, rude or plain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use portcullis_audit::MemorySink;
use portcullis_authn::ClientCertificates;
use portcullis_authz::authenticated;
use portcullis_axum::{App, Routes, Serve, TlsIncoming, get};
use portcullis_core::{Principal, Secret};
use portcullis_tls::{ClientAuth, TlsAcceptor, TlsBuilder, TlsListener};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::support::{Bench, KEY};

/// How long a test waits for what must come; less than a handshake may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// A certificate that is its own authority.
struct Certificate {
    pem: String,
    der: CertificateDer<'static>,
    key: KeyPair,
}

fn certificate(name: &str) -> Certificate {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    Certificate { pem: made.pem(), der: made.der().clone(), key }
}

struct World {
    server: Certificate,
    alice: Certificate,
    bench: Bench,
}

impl World {
    /// `/me` says who is there, for holders of keys and of certificates.
    fn new() -> Self {
        let me = async |caller: Principal| format!("{} by {}", caller.subject(), caller.method().as_str());
        let routes = Routes::new().route("/me", get(me).requires(authenticated()));
        let bench =
            Bench::with(routes, |security| security.scheme("certificate", ClientCertificates::by_dns_name()));
        Self { server: certificate("api.example"), alice: certificate("alice.example"), bench }
    }

    fn tls(&self) -> TlsBuilder {
        TlsAcceptor::builder()
            .certificate_pem(&self.server.pem, Secret::from(self.server.key.serialize_pem()))
            .client_certificates_pem(ClientAuth::Optional, &self.alice.pem)
    }

    fn app(&self) -> App {
        self.bench.app.clone()
    }

    fn client(&self, certificate: Option<&Certificate>) -> TlsConnector {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.server.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match certificate {
            None => builder.with_no_client_auth(),
            Some(certificate) => {
                let key = PrivateKeyDer::try_from(certificate.key.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![certificate.der.clone()], key).unwrap()
            }
        };
        Arc::new(config).into()
    }

    /// Asks who is there, with these further lines of the head.
    async fn ask(&self, address: SocketAddr, certificate: Option<&Certificate>, lines: &str) -> String {
        let asking = async {
            let stream = TcpStream::connect(address).await.unwrap();
            let name = "api.example".try_into().unwrap();
            let mut stream = self.client(certificate).connect(name, stream).await.unwrap();
            let request =
                format!("GET /me HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n{lines}\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        timeout(PATIENCE, asking).await.expect("the server answers")
    }
}

struct Served {
    address: SocketAddr,
    events: MemorySink,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

async fn serve(world: &World, tls: TlsAcceptor, change: impl FnOnce(Serve) -> Serve) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = change(world.app().serve(listener).with_tls(tls)).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    Served { address, events: world.bench.events.clone(), stop, server: tokio::spawn(server.into_future()) }
}

impl Served {
    async fn stop(self) -> MemorySink {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.server).await.expect("the server ends").unwrap().unwrap();
        self.events
    }
}

#[tokio::test]
async fn a_client_is_known_by_its_certificate_and_first_of_all_by_what_it_sends() {
    let world = World::new();
    let served = serve(&world, world.tls().build().unwrap(), |server| server).await;
    let key = world.bench.as_alice("GET", "/me");
    let key = key.headers_ref().unwrap()[KEY].to_str().unwrap().to_owned();

    let known = world.ask(served.address, Some(&world.alice), "").await;
    assert!(known.starts_with("HTTP/1.1 200"), "{known}");
    assert!(known.ends_with("alice.example by client_certificate"), "{known}");
    assert!(known.contains("cache-control: private\r\n"), "{known}");

    let by_key = world.ask(served.address, Some(&world.alice), &format!("{KEY}: {key}\r\n")).await;
    assert!(by_key.ends_with("alice by api_key"), "{by_key}");
    let bad = world.ask(served.address, Some(&world.alice), &format!("{KEY}: wrong\r\n")).await;
    assert!(bad.starts_with("HTTP/1.1 401"), "{bad}");
    let nobody = world.ask(served.address, None, "").await;
    assert!(nobody.starts_with("HTTP/1.1 401"), "{nobody}");
    // What clients write cannot make a certificate.
    let forged =
        world.ask(served.address, None, "Client-Cert: :MAA=:\r\nX-SSL-Client-Verify: SUCCESS\r\n").await;
    assert!(forged.starts_with("HTTP/1.1 401"), "{forged}");

    let events = served.stop().await.events();
    let reasons: Vec<_> =
        events.iter().map(|event| event.reason().map_or("-", |reason| reason.code())).collect();
    assert_eq!(reasons.len(), 5, "{reasons:?}");
    assert!(events.iter().all(|event| event.https() == Some(true)));
    assert_eq!(reasons[2..], ["api_key_unknown", "missing_credentials", "missing_credentials"]);
}

#[tokio::test]
async fn handshakes_count_among_the_connections_and_end_at_their_deadline() {
    let world = World::new();
    let tls = world.tls().handshake_timeout(Duration::from_millis(300)).build().unwrap();
    let served = serve(&world, tls.clone(), |server| server.with_max_connections(2)).await;
    let mut stalled = Vec::new();
    for _ in 0..4 {
        stalled.push(TcpStream::connect(served.address).await.unwrap());
    }
    let answer = world.ask(served.address, None, "").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(tls.counts().timed_out >= 2, "they had the only two places: {:?}", tls.counts());
    served.stop().await;
}

#[tokio::test]
async fn a_shutdown_waits_for_no_handshake() {
    let world = World::new();
    let tls = world.tls().build().unwrap();
    let served = serve(&world, tls, |server| server).await;
    let mut stalled = TcpStream::connect(served.address).await.unwrap();
    stalled.write_all(&[22, 3, 1]).await.unwrap();
    let answered = world.ask(served.address, None, "").await;
    assert!(answered.starts_with("HTTP/1.1 401"), "the stalled one was accepted before: {answered}");
    // A handshake may take 10 s, which is longer than this waits.
    served.stop().await;
    let ended = timeout(PATIENCE, stalled.read(&mut [0])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}

#[tokio::test]
async fn plain_http_never_reaches_the_application() {
    let world = World::new();
    let tls = world.tls().build().unwrap();
    let served = serve(&world, tls.clone(), |server| server).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /me HTTP/1.1\r\nHost: api.example\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let counted = async {
        while tls.counts().plain_http == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, counted).await.expect("it is counted when the connection is closed");
    assert!(served.stop().await.events().is_empty());
}

#[tokio::test]
async fn axum_serve_takes_connections_over_tls() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TlsIncoming::new(TlsListener::new(listener, world.tls().build().unwrap()));
    let server = axum::serve(incoming, world.app().into_make_service_with_tls_info());
    tokio::spawn(server.into_future());
    let known = world.ask(address, Some(&world.alice), "").await;
    assert!(known.ends_with("alice.example by client_certificate"), "{known}");
    assert!(world.ask(address, None, "").await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn http2_is_spoken_with_those_who_agree_on_it() {
    let world = World::new();
    let served = serve(&world, world.tls().build().unwrap(), |server| server).await;
    let mut config = rustls::ClientConfig::clone(world.client(None).config());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(served.address).await.unwrap();
    let connecting = TlsConnector::from(Arc::new(config)).connect("api.example".try_into().unwrap(), stream);
    let mut stream = connecting.await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // RFC 9113 §3.4: the preface with an empty SETTINGS frame, which the server answers with its own.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    timeout(PATIENCE, stream.read_exact(&mut frame)).await.unwrap().unwrap();
    assert_eq!((frame[3], frame[5..].iter().sum::<u8>()), (4, 0), "SETTINGS of stream 0: {frame:?}");
    drop(stream);
    served.stop().await;
}

/// Handlers of axum ask for it by the same type as over plain HTTP.
#[tokio::test]
async fn handlers_learn_the_address() {
    let address = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string();
    let routes = Routes::new().route("/me", get(address).public("test"));
    let world = World { bench: Bench::new(routes), ..World::new() };
    let served = serve(&world, world.tls().build().unwrap(), |server| server).await;
    let answer = world.ask(served.address, None, "").await;
    assert!(answer.ends_with("127.0.0.1"), "{answer}");
    served.stop().await;
}
