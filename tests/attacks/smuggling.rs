//! Two readings of where a request ends (ASVS 4.2.1): what one server takes for a body is the next one's request.

use std::net::Ipv4Addr;

use crate::support::client::{Answer, Call, exchange};
use crate::support::documents::Documents;
use crate::support::http2::{self, Reply};

/// A request that would be answered 200, if somebody took it for one.
fn hidden(service: &Documents) -> String {
    let token = service.token("adam");
    format!("GET /admin/audit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n")
}

/// One answer at most, and then the connection is closed.
async fn one_answer(service: &Documents, octets: &str) -> Option<Answer> {
    let read = exchange(service.address, Ipv4Addr::LOCALHOST, octets.as_bytes()).await;
    assert!(String::from_utf8_lossy(&read).matches("HTTP/1.1 ").count() <= 1, "{octets}");
    Answer::parse(&read)
}

/// RFC 9112 §5.1, §5.2, §6.1, §6.3.
#[tokio::test]
async fn refuses_heads_that_leave_the_length_open() {
    let service = Documents::start().await;
    let hidden = hidden(&service);
    let length = hidden.len();
    for fields in [
        format!("Content-Length: 0\r\nContent-Length: {length}"),
        format!("Content-Length: {length}\r\nContent-Length: 0"),
        format!("Content-Length: 0, {length}"),
        format!("Content-Length: +{length}"),
        "Content-Length: -1".to_owned(),
        "Content-Length: 0x10".to_owned(),
        "Content-Length: 1 0".to_owned(),
        "Content-Length: 99999999999999999999".to_owned(),
        "Content-Length:".to_owned(),
        "Content-Length : 5".to_owned(),
        "Transfer-Encoding: xchunked".to_owned(),
        "Transfer-Encoding: chunked, identity".to_owned(),
        "Transfer-Encoding: identity, chunked\r\nTransfer-Encoding: gzip".to_owned(),
        "Transfer-Encoding : chunked".to_owned(),
        "Transfer-Encoding:\u{b}chunked".to_owned(),
        "X: y\r\n Transfer-Encoding: chunked".to_owned(),
        "X: y\rTransfer-Encoding: chunked".to_owned(),
        "X: y\0Transfer-Encoding: chunked".to_owned(),
    ] {
        let request = format!("POST /login HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n0\r\n\r\n{hidden}");
        let answer = one_answer(&service, &request).await.expect("an answer");
        service.count(1);
        assert!(answer.status == 400 && answer.is_of_the_protocol(), "{fields}: {answer:?}");
    }
    let unread = service.sent();
    service.check_alive().await;
    let record = service.stop().await;
    let reasons = record.events.iter().filter(|event| event["reason"] == "malformed_request");
    assert_eq!(reasons.count(), unread);
}

/// RFC 9112 §6.1: `Transfer-Encoding` counts alone, and the connection ends with the answer, so that nothing that
/// follows is a request.
#[tokio::test]
async fn what_follows_a_request_with_both_lengths_is_never_a_request() {
    let service = Documents::start().await;
    let hidden = hidden(&service);
    let length = hidden.len() + 5;
    for fields in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"),
        format!("Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: {length}"),
    ] {
        let request = format!("POST /login HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n0\r\n\r\n{hidden}");
        let answer = one_answer(&service, &request).await.expect("an answer");
        service.count(1);
        assert!([400, 401].contains(&answer.status), "{fields}: {answer:?}");
    }
    let record = service.stop().await;
    assert!(record.events.iter().all(|event| event["route"] == "/login"));
}

/// RFC 9112 §7.1: a chunk that is none ends in an error, and nothing is stored.
#[tokio::test]
async fn malformed_chunks_are_refused() {
    let service = Documents::start().await;
    let hidden = hidden(&service);
    let token = service.token("alice").to_owned();
    let body = r#"{"title":"smuggled"}"#;
    for chunk in [
        format!("-14\r\n{body}\r\n0\r\n\r\n"),
        format!("0x14\r\n{body}\r\n0\r\n\r\n"),
        format!("fffffffffffffffff\r\n{body}\r\n0\r\n\r\n"),
        format!("14\r\n{body}0\r\n\r\n"),
        format!("\r\n{body}\r\n0\r\n\r\n"),
        format!("g\r\n{body}\r\n0\r\n\r\n"),
        format!("14;a\nb\r\n{body}\r\n0\r\n\r\n"),
    ] {
        let request = format!(
            "POST /documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{hidden}"
        );
        let answer = one_answer(&service, &request).await.expect("an answer");
        service.count(1);
        answer.check_problem(400);
    }
    let list = service.call(Call::get("/documents").bearer(&token)).await;
    assert!(list.status == 200 && !list.body.contains("smuggled"), "{list:?}");
    let record = service.stop().await;
    assert!(record.events.iter().all(|event| event["route"] == "/documents"));
}

/// RFC 9112 §3, §3.2: one request line, one version, and the rule is that of the path in it, whatever else it holds.
#[tokio::test]
async fn the_request_line_has_one_reading() {
    let service = Documents::start().await;
    let token = service.token("alice").to_owned();
    let send = async |line: &str, fields: &str| {
        let request = format!("{line}\r\nAuthorization: Bearer {token}\r\n{fields}Connection: close\r\n\r\n");
        let answer = one_answer(&service, &request).await.expect("an answer");
        service.count(1);
        answer
    };
    for line in [
        "GET /health\tHTTP/1.1 HTTP/1.1",
        "GET  /health HTTP/1.1",
        "GET /health HTTP/1.2",
        "GET /health HTTP/1.1 ",
        "GET /health /admin/audit HTTP/1.1",
        "G\0T /health HTTP/1.1",
    ] {
        let answer = send(line, "Host: a\r\n").await;
        assert!(answer.status == 400 && answer.is_of_the_protocol(), "{line:?}: {answer:?}");
    }
    for line in [
        "GET http://a/admin/audit HTTP/1.1",
        "GET /admin/audit#/health HTTP/1.1",
        "GET /admin/audit?/health HTTP/1.1",
    ] {
        send(line, "Host: a\r\n").await.check_problem(403);
    }
    service.check_alive().await;
    service.stop().await;
}

/// RFC 9112 §3.2: who reads another host, or none, takes it for another request.
#[tokio::test]
async fn a_request_over_http_1_names_one_host() {
    let service = Documents::start().await;
    let token = service.token("alice").to_owned();
    let send = async |line: &str, fields: &str| {
        let request = format!("{line}\r\nAuthorization: Bearer {token}\r\n{fields}Connection: close\r\n\r\n");
        service.count(1);
        exchange(service.address, Ipv4Addr::LOCALHOST, request.as_bytes()).await
    };
    let mut refused = 0;
    for (line, fields) in [
        ("GET /me HTTP/1.1", ""),
        ("GET http://a/me HTTP/1.1", ""),
        ("GET /me HTTP/1.1", "Host:\r\n"),
        ("GET /me HTTP/1.1", "Host: a b\r\n"),
        ("GET /me HTTP/1.1", "Host: @evil\r\n"),
        ("GET /me HTTP/1.1", "Host: alice@a\r\n"),
        ("GET /me HTTP/1.1", "Host: a:99999\r\n"),
        ("GET /me HTTP/1.1", "Host: a:80:80\r\n"),
        ("GET /me HTTP/1.1", "Host: a/b\r\n"),
        ("GET /me HTTP/1.1", "Host: a?b\r\n"),
        ("GET /me HTTP/1.1", "Host: a, b\r\n"),
        ("GET /me HTTP/1.1", "Host: http://a\r\n"),
        ("GET /me HTTP/1.1", "Host: [::1\r\n"),
        ("GET /me HTTP/1.1", "Host: \u{ff}\r\n"),
        ("GET /me HTTP/1.1", "Host: a\r\nHost: a\r\n"),
        ("GET /me HTTP/1.1", "Host: a\r\nX: y\r\nhost: b\r\n"),
        ("GET http://a/me HTTP/1.1", "Host: b\r\n"),
        ("GET http://alice@a/me HTTP/1.1", "Host: a\r\n"),
        ("GET /me HTTP/1.0", "Host: a b\r\n"),
        ("OPTIONS /me HTTP/1.1", "Host: a b\r\nOrigin: https://a\r\nAccess-Control-Request-Method: GET\r\n"),
    ] {
        refused += 1;
        let answer = String::from_utf8(send(line, fields).await).unwrap();
        let whole = answer.replacen("HTTP/1.0", "HTTP/1.1", 1);
        Answer::parse(whole.as_bytes()).unwrap_or_else(|| panic!("{line} {fields}")).check_problem(400);
    }
    for (line, fields) in [
        ("GET /me HTTP/1.0", ""),
        ("GET /me HTTP/1.1", "Host: localhost\r\n"),
        ("GET /me HTTP/1.1", "Host: A.Example:8080\r\n"),
        ("GET /me HTTP/1.1", "Host: [::1]:8080\r\n"),
        ("GET http://a/me HTTP/1.1", "Host: A\r\n"),
        ("GET http://a/me HTTP/1.1", "Host: a:80\r\n"),
    ] {
        let answer = String::from_utf8(send(line, fields).await).unwrap();
        assert!(answer.contains(" 200 OK\r\n"), "{line} {fields}: {answer}");
    }
    let record = service.stop().await;
    let (bad, good) = record.events.split_at(refused);
    for event in bad {
        assert_eq!(
            (&event["reason"], &event["status"]),
            (&"malformed_request".into(), &400.into()),
            "{event}"
        );
        assert!(event["decisions"][0]["detail"].is_string() && event.get("principal").is_none(), "{event}");
    }
    assert!(good.iter().all(|event| event["status"] == 200));
}

/// RFC 9113 §8.3.1: what is malformed is no request, or is answered 400.
#[tokio::test]
async fn a_request_over_http_2_names_one_host() {
    let service = Documents::start().await;
    let base = [(":method", "GET"), (":scheme", "http"), (":path", "/health")];
    let ask = async |fields: &[(&str, &str)]| {
        let reply = http2::ask(service.address, &[&base, fields].concat()).await;
        service.count(usize::from(reply != Reply::Reset));
        reply
    };
    for fields in [
        &[][..],
        &[("host", "")],
        &[("host", "a b")],
        &[("host", "@evil")],
        &[("host", "a:99999")],
        &[("host", "a"), ("host", "a")],
        &[(":authority", "a"), ("host", "b")],
        &[(":authority", "a"), ("host", "a"), ("host", "a")],
        &[(":authority", "a"), ("host", "a:8080")],
        &[(":authority", "a"), ("host", "a b")],
        &[(":authority", "a"), ("host", "")],
        &[(":authority", "alice@a")],
        &[(":authority", "a:99999")],
    ] {
        ask(fields).await.check_problem(400);
    }
    for fields in [&[(":authority", "a b")][..], &[(":authority", "a"), (":authority", "b")]] {
        assert_eq!(ask(fields).await, Reply::Reset, "{fields:?}");
    }
    for fields in [
        &[(":authority", "a")][..],
        &[("host", "a")],
        &[(":authority", "a"), ("host", "a")],
        &[(":authority", "a"), ("host", "A:80")],
    ] {
        let reply = ask(fields).await;
        assert!(matches!(reply, Reply::Answer(200, _)), "{fields:?}: {reply:?}");
    }
    let record = service.stop().await;
    let refused = record.events.iter().filter(|event| event["reason"] == "malformed_request").count();
    assert_eq!((refused, record.events.len()), (13, 17));
}

/// What hyper refuses by itself has an event too, although its answer has no content.
#[tokio::test]
async fn a_request_that_is_no_http_has_an_event_that_says_who_sent_it_and_why() {
    let service = Documents::start().await;
    let long = "x".repeat(100_000);
    for (octets, status, why) in [
        (b"GARBAGE\r\n\r\n".as_slice(), 400, "invalid HTTP"),
        (b"GET /me HTTP/1.1\r\nHost: a\r\nX: a\0s3cret\r\n\r\n", 400, "invalid HTTP header"),
        (b"GET /me HTTP/1.1\r\nHost: a\r\nX: a\x01s3cret\r\n\r\n", 400, "invalid HTTP header"),
        (b"GET /\x01s3cret HTTP/1.1\r\nHost: a\r\n\r\n", 400, "invalid"),
        (b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: s3cret\r\n\r\n", 400, "content-length"),
        (format!("GET /me HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n").as_bytes(), 431, "too large"),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", &long[..66_000]).as_bytes(), 431, "too large"),
        (
            format!("GET /me HTTP/1.1\r\nHost: a\r\n{}\r\n", "a: b\r\n".repeat(200)).as_bytes(),
            431,
            "too large",
        ),
    ] {
        let read = exchange(service.address, Ipv4Addr::new(127, 0, 0, 9), octets).await;
        let answer = Answer::parse(&read).expect("an answer");
        assert!(answer.is_of_the_protocol(), "{answer:?}");
        service.count(1);
        service.check_alive().await;
        assert_eq!(answer.status, status, "{why}: {answer:?}");
    }
    let record = service.stop().await;
    let unread: Vec<_> =
        record.events.iter().filter(|event| event["reason"] == "malformed_request").collect();
    assert_eq!(unread.len(), 8);
    for event in unread {
        assert!(event["client"] == "127.0.0.9" && event["outcome"] == "answered", "{event}");
        assert!(event.get("path").is_none() && event.get("method").is_none(), "{event}");
        assert!(
            event["decisions"][0]["detail"].is_string() && !event.to_string().contains("s3cret"),
            "{event}"
        );
    }
}
