mod tls;

use std::error::Error;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::{DEFAULT_MAX_BODY, MAX_DEADLINE, MAX_HEADER_FIELDS, MAX_HEADER_OCTETS};

/// A server that answers one request with these octets, then hangs up or keeps the connection open.
async fn serve(answer: impl Into<Vec<u8>>, hangs_up: bool) -> Uri {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let _ = socket.read(&mut head).await;
        let _ = socket.write_all(&answer).await;
        if !hangs_up {
            std::future::pending::<()>().await;
        }
    });
    format!("http://127.0.0.1:{port}/secret-path?secret=query").parse().unwrap()
}

fn client() -> OutboundClient {
    OutboundClient::builder().with_max_body(1000).insecure_allow_loopback_http().build().unwrap()
}

async fn fetch(answer: impl Into<Vec<u8>>) -> Result<Fetched, ClientError> {
    client().get(&serve(answer, true).await, HeaderMap::new()).await
}

fn head(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n")
}

#[tokio::test]
async fn fetches_status_fields_and_body() {
    let fetched = fetch("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nEtag: a\r\n\r\nbody").await.unwrap();
    assert_eq!((fetched.status.as_u16(), &*fetched.body), (404, b"body".as_slice()));
    assert_eq!(fetched.headers["etag"], "a");
    assert!(!format!("{fetched:?}").contains("body"));
}

#[tokio::test]
async fn takes_a_body_as_large_as_the_cap_and_not_one_octet_more() {
    let answer =
        |length: usize| format!("{}{}", head(&format!("Content-Length: {length}\r\n")), "x".repeat(length));
    assert_eq!(fetch(answer(1000)).await.unwrap().body.len(), 1000);
    assert!(fetch(answer(1001)).await.unwrap_err().is_too_large());
}

#[tokio::test]
async fn refuses_a_huge_body_by_its_declared_length_before_it_comes() {
    let error = fetch(head("Content-Length: 18446744073709551615\r\n")).await.unwrap_err();
    assert!(error.is_too_large() || error.is_broken(), "{error}");
    let error = fetch(head("Content-Length: 1000000000\r\n")).await.unwrap_err();
    assert!(error.is_too_large(), "{error}");
}

#[tokio::test]
async fn refuses_a_huge_body_that_does_not_declare_its_length() {
    let chunks = "200\r\n".to_owned() + &"x".repeat(512) + "\r\n";
    let chunked = head("Transfer-Encoding: chunked\r\n") + &chunks.repeat(4);
    assert!(fetch(chunked).await.unwrap_err().is_too_large());
    assert!(fetch(head("") + &"x".repeat(2000)).await.unwrap_err().is_too_large());
}

#[tokio::test]
async fn never_follows_a_redirect() {
    for status in ["301 Moved", "302 Found", "303 See Other", "304 Not Modified", "307 T", "308 P"] {
        let answer =
            format!("HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        assert!(fetch(answer).await.unwrap_err().is_redirect(), "{status}");
    }
}

/// RFC 9110 §13.1.2 and §15.4.5.
#[tokio::test]
async fn not_modified_answers_a_condition_alone() {
    let condition = HeaderMap::from_iter([(IF_NONE_MATCH, "\"a\"".parse().unwrap())]);
    let unchanged = "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n";
    let fetched = client().get(&serve(unchanged, true).await, condition.clone()).await.unwrap();
    assert_eq!((fetched.status.as_u16(), fetched.body.len()), (304, 0));
    assert!(fetch(unchanged).await.unwrap_err().is_redirect());
    let moved = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    assert!(client().get(&serve(moved, true).await, condition).await.unwrap_err().is_redirect());
}

#[tokio::test]
async fn a_truncated_body_is_broken() {
    assert!(fetch(head("Content-Length: 10\r\n") + "short").await.unwrap_err().is_broken());
    assert!(fetch(head("Transfer-Encoding: chunked\r\n") + "5\r\nabc").await.unwrap_err().is_broken());
}

#[tokio::test]
async fn a_connection_that_is_closed_before_the_answer_is_whole_is_told_from_other_nonsense() {
    for cut in [String::new(), "HTTP/1.1 200".to_owned(), head("Content-Length: 10\r\n") + "short"] {
        assert!(fetch(cut.clone()).await.unwrap_err().is_reset(), "{cut:?}");
    }
    assert!(!fetch("HTTP/1.1 abc\r\n\r\n").await.unwrap_err().is_reset());
    assert!(!fetch("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n").await.unwrap_err().is_reset());
}

#[tokio::test]
async fn what_is_no_http_is_broken() {
    for octets in [&b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..], b"", b"HTTP/1.1 abc\r\n\r\n", b"\x00\x01\x02\x03"] {
        assert!(fetch(octets).await.unwrap_err().is_broken(), "{octets:?}");
    }
}

#[tokio::test]
async fn takes_a_head_as_large_as_the_cap_and_not_one_octet_more() {
    let fields = |octets: usize| format!("Content-Length: 0\r\nX: {}\r\n", "x".repeat(octets));
    let rest = fields(0).len();
    assert!(fetch(head(&fields(MAX_HEADER_OCTETS - rest))).await.is_ok());
    assert!(fetch(head(&fields(MAX_HEADER_OCTETS - rest + 1))).await.unwrap_err().is_too_large());
    assert!(fetch(head(&fields(MAX_HEADER_OCTETS * 4))).await.unwrap_err().is_broken());
}

#[tokio::test]
async fn takes_as_many_fields_as_the_cap_and_not_one_more() {
    let many = |count: usize| (0..count).map(|n| format!("X{n}: 1\r\n")).collect::<String>();
    assert!(fetch(head(&many(MAX_HEADER_FIELDS))).await.is_ok());
    assert!(fetch(head(&many(MAX_HEADER_FIELDS + 1))).await.unwrap_err().is_broken());
}

#[tokio::test]
async fn gives_up_at_the_deadline() {
    let client = OutboundClient::builder()
        .with_deadline(Duration::from_millis(20))
        .insecure_allow_loopback_http()
        .build()
        .unwrap();
    // Nothing comes; the head comes, but not the body.
    for answer in [String::new(), head("Content-Length: 10\r\n")] {
        let error = client.get(&serve(answer, false).await, HeaderMap::new()).await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri: Uri = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let error = client().get(&uri, HeaderMap::new()).await.unwrap_err();
    assert!(error.is_unreachable() && error.source().is_some(), "{error}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_unreachable_by_https() {
    let uri = serve(head(""), true).await.to_string().replace("http:", "https:");
    let error = client().get(&uri.parse().unwrap(), HeaderMap::new()).await.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}

/// A21.6. The name is looked up, and its address is of this machine.
#[tokio::test]
async fn a_name_with_nothing_but_private_addresses_is_refused() {
    let client = OutboundClient::builder().with_root_pem(ROOT).build().unwrap();
    let uri = Uri::from_static("https://localhost/");
    assert!(client.get(&uri, HeaderMap::new()).await.unwrap_err().is_refused());
}

#[track_caller]
fn check(client: &OutboundClient, admitted: bool, uris: &[&str]) {
    for uri in uris {
        let answer = client.check(&uri.parse().unwrap());
        assert_eq!(answer.is_ok(), admitted, "{uri}");
        assert!(answer.err().is_none_or(|error| error.is_refused()));
    }
}

/// A13.3, A21.6.
#[test]
fn asks_https_urls_of_public_hosts_alone() {
    let strict = OutboundClient::builder().with_root_pem(ROOT).build().unwrap();
    check(&strict, true, &["https://login.example.com/a", "https://8.8.8.8/", "HTTPS://a.example"]);
    check(
        &strict,
        false,
        &[
            "http://login.example.com/a",
            "http://127.0.0.1/",
            "http://localhost/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://10.0.0.1/",
            "https://169.254.169.254/",
            "https://user:password@login.example.com/",
            "ftp://login.example.com/",
            "/relative",
        ],
    );
}

#[test]
fn plain_http_goes_to_loopback_alone_and_only_when_allowed() {
    let loopback = ["http://127.0.0.1:8080/", "http://127.8.8.8/", "http://[::1]:1/", "http://LocalHost:1/"];
    check(&client(), true, &loopback);
    check(&client(), true, &["https://127.0.0.1/"]);
    check(
        &client(),
        false,
        &[
            "http://login.example.com/",
            "http://127.0.0.1.example.com/",
            "http://10.0.0.1/",
            "http://localhost.evil/",
        ],
    );
    let private =
        OutboundClient::builder().with_root_pem(ROOT).insecure_allow_private_networks().build().unwrap();
    check(&private, true, &["https://10.0.0.1/", "https://127.0.0.1/"]);
    check(&private, false, &["http://10.0.0.1/", "http://127.0.0.1/", "https://169.254.169.254/"]);
}

#[test]
fn plain_http_to_others_is_a_choice_of_its_own() {
    let plain = OutboundClient::builder().with_root_pem(ROOT).insecure_allow_plain_http();
    let client = plain.clone().build().unwrap();
    check(&client, true, &["http://pdp.example.com/", "http://8.8.8.8/", "https://pdp.example.com/"]);
    check(
        &client,
        false,
        &["http://127.0.0.1/", "http://10.0.0.1/", "http://169.254.169.254/", "ftp://a.example/"],
    );
    let private = plain.insecure_allow_private_networks().build().unwrap();
    check(&private, true, &["http://10.0.0.1/"]);
}

#[tokio::test]
async fn errors_show_nothing_of_path_query_and_fields() {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Bearer secret-token".parse().unwrap());
    let errors = [
        client().get(&serve("nonsense", true).await, headers.clone()).await.unwrap_err(),
        client().check(&"ftp://host.example/secret?secret".parse().unwrap()).unwrap_err(),
        client().check(&"https://secret:secret@host.example/".parse().unwrap()).unwrap_err(),
    ];
    for error in errors {
        let mut text = format!("{error} {error:?}");
        let mut cause = error.source();
        while let Some(inner) = cause {
            text += &format!("{inner} {inner:?}");
            cause = inner.source();
        }
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn all_that_is_wrong_with_a_configuration_is_said_at_once() {
    let errors = OutboundClient::builder()
        .with_deadline(Duration::ZERO)
        .with_max_body(0)
        .with_root_pem("no pem")
        .insecure_allow_loopback_http()
        .build()
        .unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P110", "P110", "P609"]);
    let too_long = MAX_DEADLINE + Duration::from_millis(1);
    let builder = || OutboundClient::builder().insecure_allow_loopback_http();
    assert!(builder().with_deadline(too_long).build().is_err());
    assert!(builder().with_deadline(MAX_DEADLINE).with_max_body(DEFAULT_MAX_BODY).build().is_ok());
}

/// A certificate authority that signs nothing here.
const ROOT: &str = include_str!("root.pem");
