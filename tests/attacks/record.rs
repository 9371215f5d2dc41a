//! Nothing that reaches the service goes unrecorded, however rudely it comes.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use futures_util::future::join_all;

use crate::support::client::{Call, exchange};
use crate::support::documents::Documents;

#[tokio::test]
async fn requests_side_by_side_have_an_event_each() {
    let service = Documents::start().await;
    let token = service.token("alice").to_owned();
    let calls = (0..200).map(|n| {
        let call = match n % 4 {
            0 => Call::get("/health"),
            1 => Call::get("/me").bearer(&token),
            2 => Call::get("/me").bearer("junk"),
            _ => Call::get(format!("/nowhere/{n}")),
        };
        service.call(call)
    });
    let answers = join_all(calls).await;
    let record = service.stop().await;
    for status in [200, 401, 404] {
        let sent = answers.iter().filter(|answer| answer.status == status).count();
        let recorded = record.events.iter().filter(|event| event["status"] == status).count();
        assert_eq!(sent, recorded, "{status}");
    }
    let names: BTreeSet<_> = record.events.iter().map(|event| event["request_id"].to_string()).collect();
    assert_eq!(names.len(), 200);
}

#[tokio::test]
async fn requests_in_one_go_have_an_event_each() {
    let service = Documents::start().await;
    let token = service.token("alice");
    let one = |path: &str, last: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{last}\r\n")
    };
    let paths = ["/me", "/admin/audit", "/nowhere", "/health"];
    let many: String = paths.iter().map(|path| one(path, "")).collect();
    let read = exchange(
        service.address,
        Ipv4Addr::LOCALHOST,
        (many + &one("/documents?limit=0", "Connection: close\r\n")).as_bytes(),
    )
    .await;
    assert_eq!(String::from_utf8_lossy(&read).matches("HTTP/1.1 ").count(), 5);
    service.count(5);
    let record = service.stop().await;
    let statuses: Vec<_> = record.events.iter().map(|event| event["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 403, 404, 200, 400]);
}

/// A head that ends early is no request. A body that does is one, and the service is not to blame.
#[tokio::test]
async fn requests_that_are_cut_short_have_an_event_if_their_head_was_whole() {
    let service = Documents::start().await;
    let token = service.token("alice");
    let head = format!("POST /documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
    for part in ["", "G", "GET /me HTTP/1.1\r\nHost: x\r\n", &head] {
        service.cut_short(part).await;
    }
    let json = format!("{head}Content-Type: application/json\r\n");
    for (fields, body) in
        [("Content-Length: 100", "{"), ("Transfer-Encoding: chunked", "5\r\n{\"a"), ("Content-Length: 9", "")]
    {
        service.cut_short(&format!("{json}{fields}\r\n\r\n{body}")).await;
        service.count(1);
    }
    service.check_alive().await;
    let record = service.stop().await;
    for event in &record.events[..3] {
        assert_eq!(event["route"], "/documents");
        assert!(event["status"] == 400 || event["outcome"] == "aborted", "{event}");
    }
}
