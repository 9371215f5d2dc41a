use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::testing::{Authority, Client, Folder, Leaf, builder};
use crate::{ClientAuth, TlsAcceptor, TlsListener};

/// A server on plain hyper, which tells every client what it knows of it.
async fn serve(acceptor: TlsAcceptor) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut listener = TlsListener::new(listener, acceptor);
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        loop {
            let stream = listener.accept().await;
            let facts = stream.facts().clone();
            let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
                let tls = facts.tls.clone().unwrap();
                let certificate = tls.client_certificate().map_or(0, |certificate| certificate.leaf().len());
                let told = format!("{:?} {certificate} octets", request.version());
                async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(told)))) }
            });
            tokio::spawn(async move {
                let _ =
                    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (address, server)
}

async fn get_h2(address: SocketAddr, client: &Client) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = client.clone().offering(&["h2"]).connect(stream).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("https://api.example.com/").body(Empty::<Bytes>::new()).unwrap();
    let body = sender.send_request(request).await.unwrap().into_body();
    String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn serves_http2_and_http1_while_others_stall() {
    let authority = Authority::new("authority");
    let issued = authority.issue(&Leaf::client("alice"));
    let acceptor =
        builder(&authority).client_certificates_pem(ClientAuth::Optional, authority.pem()).build().unwrap();
    let (address, _server) = serve(acceptor).await;
    let mut stalled = Vec::new();
    for _ in 0..50 {
        stalled.push(TcpStream::connect(address).await.unwrap());
    }
    let answer = get_h2(address, &Client::with_certificate(&authority, &issued)).await;
    assert_eq!(answer, format!("HTTP/2.0 {} octets", issued.der.len()));

    let stream = TcpStream::connect(address).await.unwrap();
    let mut stream = Client::trusting(&authority).connect(stream).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("HTTP/1.1 0 octets"), "{answer}");
}

#[tokio::test]
async fn more_stalling_clients_than_handshakes_stop_nobody() {
    let authority = Authority::new("authority");
    let acceptor =
        builder(&authority).max_handshakes(4).handshake_timeout(Duration::from_millis(500)).build().unwrap();
    let (address, _server) = serve(acceptor.clone()).await;
    let mut stalled = Vec::new();
    for _ in 0..16 {
        stalled.push(TcpStream::connect(address).await.unwrap());
    }
    let client = Client::trusting(&authority);
    let answer = tokio::time::timeout(Duration::from_secs(20), get_h2(address, &client)).await.unwrap();
    assert_eq!(answer, "HTTP/2.0 0 octets");
    for mut stream in stalled {
        assert!(matches!(stream.read(&mut [0]).await, Ok(0) | Err(_)), "each of them is closed in the end");
    }
    let counts = acceptor.counts();
    assert_eq!((counts.given_up + counts.timed_out, counts.accepted), (16, 1), "{counts:?}");
}

#[tokio::test]
async fn answers_plain_http_on_the_port() {
    let (address, _server) = serve(builder(&Authority::new("authority")).build().unwrap()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n").await.unwrap();
    // More than any buffer of the server takes, so that closing without reading it would reset the connection.
    stream.write_all(&[b'x'; 60_000]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
}

#[tokio::test]
async fn handshakes_under_way_end_with_the_listener() {
    let (address, server) = serve(builder(&Authority::new("authority")).build().unwrap()).await;
    let mut stalled = TcpStream::connect(address).await.unwrap();
    stalled.write_all(&[22]).await.unwrap();
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    assert!(matches!(stalled.read(&mut [0]).await, Ok(0) | Err(_)));
}

/// A partner that is not rustls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_is_served_with_its_certificate_and_refused_without() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no curl");
        return;
    }
    let (authority, folder) = (Authority::new("authority"), Folder::new());
    let issued = authority.issue(&Leaf::client("alice"));
    let acceptor =
        builder(&authority).client_certificates_pem(ClientAuth::Required, authority.pem()).build().unwrap();
    let (address, _server) = serve(acceptor).await;
    let ca = folder.write("ca.pem", authority.pem());
    let (certificate, key) = folder.write_issued(&issued);
    let curl = |with_certificate: bool| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "20", "--cacert"]).arg(&ca);
        curl.arg("--resolve").arg(format!("api.example.com:{}:127.0.0.1", address.port()));
        if with_certificate {
            curl.arg("--cert").arg(&certificate).arg("--key").arg(&key);
        }
        curl.arg(format!("https://api.example.com:{}/", address.port()));
        tokio::task::spawn_blocking(move || curl.output().unwrap())
    };
    let served = curl(true).await.unwrap();
    assert!(served.status.success(), "{served:?}");
    let answer = String::from_utf8(served.stdout).unwrap();
    assert!(answer.ends_with(&format!(" {} octets", issued.der.len())), "{answer}");
    let refused = curl(false).await.unwrap();
    assert!(!refused.status.success(), "{refused:?}");
}
