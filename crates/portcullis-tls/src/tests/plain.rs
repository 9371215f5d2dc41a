//! Clients that speak plain HTTP.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use crate::testing::{Authority, FakeTime, Log, builder, serve_once};
use crate::{HandshakeFailure, MAX_PLAIN_EVENTS, MAX_PLAIN_HEAD, PlainRequests, TlsAcceptor};

async fn check_plain(policy: PlainRequests, request: &str, begins: &str, has: &[&str]) {
    let acceptor: TlsAcceptor = builder(&Authority::new("authority")).plain_requests(policy).build().unwrap();
    let (mut near, far) = duplex(256 * 1024);
    near.write_all(request.as_bytes()).await.unwrap();
    near.shutdown().await.unwrap();
    let refused = serve_once(&acceptor, far).await.unwrap_err();
    assert_eq!(refused.failure(), HandshakeFailure::PlainHttp);
    assert_eq!(acceptor.counts().plain_http, 1);
    let mut answer = String::new();
    near.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with(begins), "{answer}");
    for part in has {
        assert!(answer.contains(part), "{answer}");
    }
    assert!(!answer.contains("s3cret"), "{answer}");
}

#[tokio::test]
async fn plain_http_is_refused_by_default() {
    let request = "GET /a?b HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer s3cret\r\n\r\n";
    let has = ["content-type: application/problem+json\r\n", "connection: close\r\n", "speaks https"];
    check_plain(PlainRequests::default(), request, "HTTP/1.1 400 Bad Request\r\n", &has).await;
    let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(100_000));
    check_plain(PlainRequests::Refuse, &long, "HTTP/1.1 400 ", &[]).await;
    check_plain(PlainRequests::Refuse, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400 ", &[]).await;
    // RFC 9110 §9.3.2: no body; it ends with the head.
    let (head, begins) = ("HEAD / HTTP/1.1\r\nHost: api.example\r\n\r\n", "HTTP/1.1 400 ");
    check_plain(PlainRequests::Refuse, head, begins, &["\r\n\r\n"]).await;
}

#[tokio::test]
async fn plain_http_is_redirected_or_cut_off_by_choice() {
    let plain = "POST /a?b HTTP/1.1\r\nHost: api.example:8443\r\n\r\nbody";
    let location = "location: https://api.example:8443/a?b\r\n";
    check_plain(PlainRequests::Redirect, plain, "HTTP/1.1 308 Permanent Redirect\r\n", &[location]).await;
    let with_secret = "GET / HTTP/1.1\r\nHost: api.example\r\nCookie: s3cret\r\n\r\n";
    check_plain(PlainRequests::Redirect, with_secret, "HTTP/1.1 400 Bad Request\r\n", &[]).await;
    let long = format!("GET / HTTP/1.1\r\nHost: api.example\r\nX: {}\r\n\r\n", "x".repeat(9000));
    check_plain(PlainRequests::Redirect, &long, "HTTP/1.1 400 ", &[]).await;
    check_plain(PlainRequests::Close, plain, "", &[]).await;
}

const BARE: &str = "GET /s3cret HTTP/1.1\r\nHost: s3cret.example\r\n\r\n";
const WITH_CREDENTIALS: &str = "GET / HTTP/1.1\r\nauthorization: Bearer s3cret\r\n\r\n";

async fn send(acceptor: &TlsAcceptor, request: &str) {
    let (mut near, far) = duplex(64 * 1024);
    near.write_all(request.as_bytes()).await.unwrap();
    near.shutdown().await.unwrap();
    assert_eq!(serve_once(acceptor, far).await.unwrap_err().failure(), HandshakeFailure::PlainHttp);
}

#[tokio::test]
async fn an_event_names_the_peer_and_nothing_of_what_was_sent() {
    let (log, _guard) = Log::start();
    let acceptor = builder(&Authority::new("authority")).build().unwrap();
    send(&acceptor, BARE).await;
    send(&acceptor, WITH_CREDENTIALS).await;
    let lines = log.lines();
    let [first, second] = lines.as_slice() else { panic!("{lines:?}") };
    let said = "a client spoke plain http where tls is spoken peer=192.0.2.1:50000 left_out=0";
    assert!(first.trim_start().starts_with("INFO") && first.ends_with(said), "{first}");
    assert!(second.trim_start().starts_with("WARN") && second.contains("sent credentials"), "{second}");
    assert!(!lines.concat().contains("s3cret"), "{lines:?}");
    let counts = acceptor.counts();
    assert_eq!((counts.plain_http, counts.plain_http_credentials), (2, 1));
}

#[tokio::test]
async fn a_flood_makes_so_many_events_and_is_counted_whole() {
    let (log, _guard) = Log::start();
    let time = FakeTime::new();
    let plain = PlainRequests::Close;
    let acceptor =
        builder(&Authority::new("authority")).plain_requests(plain).clock(time.clock()).build().unwrap();
    for _ in 0..MAX_PLAIN_EVENTS + 5 {
        send(&acceptor, BARE).await;
    }
    assert_eq!(log.lines().len(), MAX_PLAIN_EVENTS as usize);
    time.advance_days(1);
    send(&acceptor, BARE).await;
    let last = log.lines().pop().unwrap();
    assert!(last.ends_with("left_out=5"), "{last}");
    assert_eq!(acceptor.counts().plain_http, u64::from(MAX_PLAIN_EVENTS) + 6);
}

#[tokio::test]
async fn a_flood_of_others_leaves_room_for_the_event_of_credentials() {
    let (log, _guard) = Log::start();
    let time = FakeTime::new();
    let acceptor = builder(&Authority::new("authority")).clock(time.clock()).build().unwrap();
    for _ in 0..=MAX_PLAIN_EVENTS {
        send(&acceptor, BARE).await;
    }
    send(&acceptor, WITH_CREDENTIALS).await;
    let last = log.lines().pop().unwrap();
    assert!(last.trim_start().starts_with("WARN") && last.ends_with("left_out=0"), "{last}");
    // They are bounded too.
    for _ in 0..MAX_PLAIN_EVENTS {
        send(&acceptor, WITH_CREDENTIALS).await;
    }
    assert_eq!(log.lines().len(), 2 * MAX_PLAIN_EVENTS as usize);
}

async fn check_credentials(policy: PlainRequests, request: &[u8], credentials: u64) {
    let acceptor: TlsAcceptor = builder(&Authority::new("authority")).plain_requests(policy).build().unwrap();
    let (mut near, far) = duplex(256 * 1024);
    near.write_all(request).await.unwrap();
    near.shutdown().await.unwrap();
    assert_eq!(serve_once(&acceptor, far).await.unwrap_err().failure(), HandshakeFailure::PlainHttp);
    let counts = acceptor.counts();
    let found = (counts.plain_http, counts.plain_http_credentials);
    assert_eq!(found, (1, credentials), "{policy:?} {}", request.escape_ascii());
}

#[tokio::test]
async fn credentials_that_were_read_are_counted_whatever_else_was_sent() {
    let long = format!("GET / HTTP/1.1\r\nCookie: a=b\r\nX: {}", "x".repeat(MAX_PLAIN_HEAD));
    let late = format!("GET / HTTP/1.1\r\nX: {}\r\nCookie: a=b\r\n\r\n", "x".repeat(5000));
    let beyond = format!("GET / HTTP/1.1\r\nX: {}\r\nCookie: a=b\r\n\r\n", "x".repeat(MAX_PLAIN_HEAD));
    let cut_off: &[u8] = b"GET / HTTP/1.1\r\nAuthorization: Bearer s3c";
    let not_utf8: &[u8] = b"GET /\xff HTTP/1.1\r\nAuthorization: Bearer s3cret\r\n\r\n";
    for policy in [PlainRequests::Refuse, PlainRequests::Redirect] {
        for request in [WITH_CREDENTIALS.as_bytes(), long.as_bytes(), late.as_bytes(), cut_off, not_utf8] {
            check_credentials(policy, request, 1).await;
        }
        for request in [BARE, &beyond] {
            check_credentials(policy, request.as_bytes(), 0).await;
        }
    }
    // Of these, no more is read than the first octets.
    for request in [WITH_CREDENTIALS.as_bytes(), long.as_bytes(), cut_off, not_utf8] {
        check_credentials(PlainRequests::Close, request, 1).await;
    }
    check_credentials(PlainRequests::Close, late.as_bytes(), 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_halfway_is_one_of_plain_http_all_the_same() {
    for (begins, goes_on, credentials) in [
        ("GET / HTTP/1.1\r\nHost", ": api.example\r\n", 0),
        ("GET / HTTP/1.1\r\nauthor", "ization: Bearer s3cret", 1),
    ] {
        let acceptor = builder(&Authority::new("authority")).build().unwrap();
        let (mut near, far) = duplex(64 * 1024);
        near.write_all(begins.as_bytes()).await.unwrap();
        let client = async {
            tokio::task::yield_now().await;
            near.write_all(goes_on.as_bytes()).await.unwrap();
        };
        let (refused, ()) = tokio::join!(serve_once(&acceptor, far), client);
        assert_eq!(refused.unwrap_err().failure(), HandshakeFailure::PlainHttp);
        let counts = acceptor.counts();
        let found = (counts.plain_http, counts.plain_http_credentials, counts.timed_out);
        assert_eq!(found, (1, credentials, 0));
    }
}

/// It was answered, and then kept the connection open.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_let_go_is_one_of_plain_http_all_the_same() {
    let acceptor = builder(&Authority::new("authority")).build().unwrap();
    let (mut near, far) = duplex(64 * 1024);
    near.write_all(WITH_CREDENTIALS.as_bytes()).await.unwrap();
    let begun = tokio::time::Instant::now();
    assert_eq!(serve_once(&acceptor, far).await.unwrap_err().failure(), HandshakeFailure::PlainHttp);
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
    let counts = acceptor.counts();
    assert_eq!((counts.plain_http, counts.plain_http_credentials, counts.timed_out), (1, 1, 0));
}
