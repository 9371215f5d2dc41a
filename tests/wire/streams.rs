//! WebSocket upgrades and event streams pass through; their rule is decided before, and `Origin` is checked.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;
use hyper_util::rt::TokioIo;
use portcullis::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::Served;

/// Switches protocols and says back what it hears, once. A WebSocket library would frame it; the upgrade is the
/// same.
async fn echo(mut request: Request) -> Response {
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(&mut request).await.unwrap();
        let mut socket = TokioIo::new(upgraded);
        let mut heard = [0; 5];
        socket.read_exact(&mut heard).await.unwrap();
        socket.write_all(&heard).await.unwrap();
        socket.shutdown().await.unwrap();
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .body(Body::empty())
        .unwrap()
}

async fn events() -> Response {
    let stream = futures_stream(["data: one\n\n", "data: two\n\n"]);
    Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(stream)).unwrap()
}

fn futures_stream(
    items: [&'static str; 2],
) -> impl futures_util::Stream<Item = Result<&'static str, std::convert::Infallible>> {
    futures_util::stream::iter(items.map(Ok))
}

fn routes() -> Routes {
    Routes::new()
        .route("/socket", get(echo).requires(scope("read")))
        .route("/events", get(events).requires(scope("read")))
}

fn handshake(origin: Option<&str>, authorization: Option<&str>) -> String {
    let mut head =
        "GET /socket HTTP/1.1\r\nHost: api.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            .to_owned();
    for (name, value) in [("Origin", origin), ("Authorization", authorization)] {
        if let Some(value) = value {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    head + "\r\n"
}

#[tokio::test]
async fn an_upgrade_passes_through_in_both_directions() {
    let served = Served::start(routes()).await;
    let authorization = served.authorization();
    for origin in [None, Some("https://app.example.com"), Some("http://api.example.com")] {
        let mut connection = served.connect().await;
        connection.send(&handshake(origin, Some(&authorization))).await;
        assert!(connection.head().await.starts_with("HTTP/1.1 101"), "{origin:?}");
        connection.send("hello").await;
        assert_eq!(connection.rest().await, "hello");
    }
}

/// ASVS 4.4.2.
#[tokio::test]
async fn an_upgrade_from_a_foreign_page_is_403() {
    let served = Served::start(routes()).await;
    let authorization = served.authorization();
    for origin in ["https://evil.example", "null", "https://app.example.com.evil.example"] {
        let mut connection = served.connect().await;
        connection.send(&handshake(Some(origin), Some(&authorization))).await;
        assert!(connection.head().await.starts_with("HTTP/1.1 403"), "{origin}");
        assert_eq!(served.events.events().pop().unwrap().reason().unwrap().code(), "origin_not_allowed");
    }
}

#[tokio::test]
async fn an_upgrade_without_credentials_is_401() {
    let served = Served::start(routes()).await;
    let mut connection = served.connect().await;
    connection.send(&handshake(Some("https://app.example.com"), None)).await;
    assert!(connection.head().await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn an_event_stream_passes_through_with_its_cors_fields() {
    let served = Served::start(routes()).await;
    let mut connection = served.connect().await;
    let authorization = served.authorization();
    connection
        .send(&format!(
            "GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: https://app.example.com\r\n\
             Authorization: {authorization}\r\n\r\n"
        ))
        .await;
    let head = connection.head().await;
    assert!(head.contains("access-control-allow-origin: https://app.example.com"), "{head}");
    let body = connection.rest().await;
    assert!(body.contains("data: one") && body.contains("data: two"), "{body}");
}

/// CORS does not stop the request; a page of a foreign origin is kept from the stream, and from why it is refused.
#[tokio::test]
async fn an_event_stream_to_a_page_of_a_foreign_origin_has_no_cors_fields() {
    let served = Served::start(routes()).await;
    let authorization = served.authorization();
    for origin in [
        "https://evil.example",
        "null",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://app.example.com, https://evil.example",
    ] {
        for (field, status) in [(format!("Authorization: {authorization}\r\n"), 200), (String::new(), 401)] {
            let mut connection = served.connect().await;
            connection
                .send(&format!(
                    "GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: {origin}\r\n{field}\r\n"
                ))
                .await;
            let head = connection.head().await.to_ascii_lowercase();
            assert!(head.starts_with(&format!("http/1.1 {status}")), "{origin}: {head}");
            assert!(!head.contains("access-control-"), "{origin}: {head}");
            // No cache hands it to a page of another origin.
            assert!(head.contains("vary: origin"), "{origin}: {head}");
        }
    }
}

/// A browser asks first where a page wants to send `Authorization`, and goes no further.
#[tokio::test]
async fn a_preflight_of_a_foreign_page_for_an_event_stream_allows_nothing() {
    let served = Served::start(routes()).await;
    for (origin, allowed) in [("https://app.example.com", true), ("https://evil.example", false)] {
        let mut connection = served.connect().await;
        connection
            .send(&format!(
                "OPTIONS /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: {origin}\r\n\
                 Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization\r\n\r\n"
            ))
            .await;
        let head = connection.head().await.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 204"), "{origin}: {head}");
        assert_eq!(head.contains("access-control-"), allowed, "{origin}: {head}");
    }
}
