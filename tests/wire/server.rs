//! The server: protocols, deadlines, shutdown.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use portcullis::audit::Outcome;
use portcullis::prelude::*;
use tokio::sync::{Notify, Semaphore};

use super::support::Served;

fn routes() -> Routes {
    Routes::new()
        .route("/health", get(async || "ok").public("probe"))
        .route("/me", get(async |caller: Principal| caller.subject().to_owned()).requires(scope("read")))
}

#[tokio::test]
async fn http_1_and_http_2_are_answered_alike() {
    let served = Served::start(routes()).await;
    for http2 in [false, true] {
        let client: Client<_, Empty<bytes::Bytes>> =
            Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let request = |path: &str| http::Request::get(format!("http://{}{path}", served.address));
        let good = request("/me").header("authorization", served.authorization()).body(Empty::new()).unwrap();
        let response = client.request(good).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "alice");
        let response = client.request(request("/me").body(Empty::new()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 401);
        let version = if http2 { http::Version::HTTP_2 } else { http::Version::HTTP_11 };
        assert_eq!(response.version(), version);
    }
    let event = served.events.events().pop().unwrap();
    assert_eq!(event.client().ip().unwrap().to_string(), "127.0.0.1");
}

#[tokio::test]
async fn what_is_no_http_is_closed_and_the_server_goes_on() {
    let served = Served::start(routes()).await;
    for rude in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\u{e9} HTTP/1.1\r\n\r\n"]
    {
        let mut connection = served.connect().await;
        connection.send(rude).await;
        connection.hang_up().await;
        assert!(!connection.rest().await.contains(" 200 "), "{rude:?}");
    }
    let mut connection = served.connect().await;
    connection.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(connection.head().await.starts_with("HTTP/1.1 200"));
}

/// A1.4: hyper hands both fields over; neither counts.
#[tokio::test]
async fn two_authorization_fields_on_the_wire_are_400() {
    let served = Served::start(routes()).await;
    let mut connection = served.connect().await;
    let good = served.authorization();
    connection
        .send(&format!(
            "GET /me HTTP/1.1\r\nHost: x\r\nAuthorization: {good}\r\nauthorization: {good}\r\n\r\n"
        ))
        .await;
    assert!(connection.head().await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn a_client_that_dawdles_over_the_head_is_cut_off() {
    let quick = Duration::from_millis(50);
    let served = Served::start_with(routes(), |server| server.with_header_read_timeout(quick)).await;
    let mut connection = served.connect().await;
    connection.send("GET /health HTTP/1.1\r\nHost:").await;
    assert!(!connection.rest().await.contains(" 200 "));
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_their_turn() {
    let served = Served::start_with(routes(), |server| server.with_max_connections(1)).await;
    let mut first = served.connect().await;
    first.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(first.read_until("\r\n\r\nok").await.contains("200"));
    let mut second = served.connect().await;
    second.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // While the first connection is open, the second one is not even accepted.
    let early = tokio::time::timeout(Duration::from_millis(50), second.head()).await;
    assert!(early.is_err());
    drop(first);
    assert!(second.read_until("\r\n\r\nok").await.contains("ok"));
}

#[tokio::test]
async fn a_request_in_flight_is_finished_and_recorded_before_the_server_ends() {
    let entered = Arc::new(Semaphore::new(0));
    let release = Arc::new(Notify::new());
    let (handler_entered, handler_release) = (Arc::clone(&entered), Arc::clone(&release));
    let slow = move || {
        let (entered, release) = (Arc::clone(&handler_entered), Arc::clone(&handler_release));
        async move {
            entered.add_permits(1);
            release.notified().await;
            "done"
        }
    };
    let served = Served::start(Routes::new().route("/slow", get(slow).public("test"))).await;
    let mut connection = served.connect().await;
    connection.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    entered.acquire().await.unwrap().forget();
    let stopping = tokio::spawn(served.stop());
    release.notify_one();
    assert!(connection.rest().await.ends_with("done"));
    let (events, ended) = stopping.await.unwrap();
    ended.unwrap();
    assert_eq!(events.events().pop().unwrap().outcome(), Outcome::Answered);
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_one_event() {
    let entered = Arc::new(Semaphore::new(0));
    let handler_entered = Arc::clone(&entered);
    let endless = move || {
        let entered = Arc::clone(&handler_entered);
        async move {
            entered.add_permits(1);
            std::future::pending::<()>().await;
        }
    };
    let served = Served::start(Routes::new().route("/endless", get(endless).public("test"))).await;
    let mut connection = served.connect().await;
    connection.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await;
    entered.acquire().await.unwrap().forget();
    drop(connection);
    let event = served.the_event().await;
    assert_eq!((event.outcome(), event.status()), (Outcome::Aborted, None));
    let (events, _) = served.stop().await;
    assert_eq!(events.events().len(), 1);
}

/// An application works behind axum's own server too, as long as that says who the peer is.
#[tokio::test]
async fn axums_server_serves_an_app() {
    let events = portcullis::audit::MemorySink::keeping(10);
    let security = Security::builder().audit(events.clone()).build().unwrap();
    let app =
        SecureRouter::new(security).mount(Routes::new().route("/health", get(async || "ok").public("probe")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app.finish().unwrap().into_make_service_with_connect_info();
    tokio::spawn(axum::serve(listener, service).into_future());
    let client: Client<_, Empty<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = http::Request::get(format!("http://{address}/health")).body(Empty::new()).unwrap();
    assert_eq!(client.request(request).await.unwrap().status(), 200);
    assert_eq!(events.events()[0].client().ip().unwrap().to_string(), "127.0.0.1");
}
