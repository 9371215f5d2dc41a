//! Two readings of where a request ends (ASVS 4.2.1): what one server takes for a body is the next one's request.

use std::net::Ipv4Addr;

use crate::support::client::{Answer, Call, exchange};
use crate::support::documents::Documents;

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
        assert!(answer.status == 400 && answer.is_of_the_protocol(), "{fields}: {answer:?}");
    }
    service.check_alive().await;
    service.stop().await;
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
        service.count_if_it_reached(&answer);
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
        service.count_if_it_reached(&answer);
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
        service.count_if_it_reached(&answer);
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
