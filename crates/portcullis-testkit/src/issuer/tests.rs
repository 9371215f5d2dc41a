use http::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::TestIssuer;

/// The status and body of a request on a connection of its own; an error if there is no answer.
async fn get(issuer: &TestIssuer, path: &str) -> Result<(u16, String), std::io::Error> {
    let address = issuer.url().trim_start_matches("http://").split('/').next().unwrap();
    let mut socket = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok((head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned()))
}

#[tokio::test]
async fn serves_both_forms_of_discovery_and_the_key_set() {
    for (path, appended, inserted) in [
        ("", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
        ("/t", "/t/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/t"),
    ] {
        let issuer = TestIssuer::start_at(path).await;
        for document in [appended, inserted] {
            let (status, body) = get(&issuer, document).await.unwrap();
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((status, body["issuer"].as_str().unwrap()), (200, issuer.url()), "{document}");
        }
        let (_, keys) = get(&issuer, &format!("{path}/jwks.json")).await.unwrap();
        assert_eq!(keys, issuer.jwks_json());
        assert_eq!(get(&issuer, "/other").await.unwrap().0, 404);
        assert_eq!((issuer.requests(), issuer.requests_to(appended)), (4, 1));
    }
}

#[tokio::test]
async fn goes_down_and_comes_up_and_publishes_new_keys() {
    let issuer = TestIssuer::start().await;
    issuer.go_down();
    assert!(get(&issuer, "/jwks.json").await.is_err());
    issuer.come_up();
    let before = get(&issuer, "/jwks.json").await.unwrap().1;
    issuer.rotate();
    assert_ne!(get(&issuer, "/jwks.json").await.unwrap().1, before);
}

#[tokio::test]
async fn holds_answers_back_until_it_comes_up() {
    let issuer = TestIssuer::start().await;
    issuer.hold();
    let asking = tokio::spawn({
        let issuer = issuer.clone();
        async move { get(&issuer, "/jwks.json").await.unwrap().0 }
    });
    issuer.wait_for_requests(1).await;
    assert!(!asking.is_finished());
    issuer.come_up();
    assert_eq!(asking.await.unwrap(), 200);
}

#[tokio::test]
async fn answers_by_script_until_told_otherwise() {
    let issuer = TestIssuer::start().await;
    issuer.answer_with("/jwks.json", StatusCode::IM_A_TEAPOT.as_u16(), "text/html", "no keys");
    assert_eq!(get(&issuer, "/jwks.json").await.unwrap(), (418, "no keys".to_owned()));
    issuer.answer_as_usual();
    assert_eq!(get(&issuer, "/jwks.json").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_change_of_settings_keeps_keys_and_server() {
    let issuer = TestIssuer::start().await;
    let other = issuer.clone().with_audience("https://other.example");
    issuer.rotate();
    assert_eq!(other.jwks_json(), issuer.jwks_json());
    assert_eq!(other.url(), issuer.url());
    drop(issuer);
    assert_eq!(get(&other, "/jwks.json").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_document_that_the_client_has_is_not_sent_again() {
    let issuer = TestIssuer::start().await;
    let address = issuer.url().trim_start_matches("http://").to_owned();
    let ask = |etag: String| {
        let address = address.clone();
        async move {
            let mut socket = TcpStream::connect(&address).await.unwrap();
            let request = format!(
                "GET /jwks.json HTTP/1.1\r\nHost: {address}\r\nIf-None-Match: {etag}\r\nConnection: close\r\n\r\n"
            );
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            socket.read_to_string(&mut answer).await.unwrap();
            answer
        }
    };
    let first = ask("\"other\"".to_owned()).await;
    let etag = first.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    assert!(first.starts_with("HTTP/1.1 200") && first.ends_with('}'));
    let second = ask(etag.clone()).await;
    assert!(second.starts_with("HTTP/1.1 304") && second.ends_with("\r\n\r\n"), "{second}");
    assert_eq!(issuer.unchanged_answers(), 1);
    issuer.rotate();
    assert!(ask(etag).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn fails_in_each_way_until_told_otherwise() {
    use crate::ProviderFault::{Down, Huge, NotJson, Redirect, ServerError, Truncated, WrongContentType};

    let issuer = TestIssuer::start().await;
    let document = issuer.discovery_json();
    let path = "/.well-known/openid-configuration";
    for fault in crate::ProviderFault::ALL {
        issuer.fail(path, *fault);
        let answer = get(&issuer, path).await;
        match *fault {
            Down => assert!(answer.is_err()),
            Huge => assert_eq!(answer.unwrap().1.len(), 2 * 1024 * 1024),
            NotJson => assert!(serde_json::from_str::<Value>(&answer.unwrap().1).is_err()),
            Redirect => assert_eq!(answer.unwrap(), (302, String::new())),
            ServerError => assert_eq!(answer.unwrap(), (500, document.clone())),
            Truncated => assert_eq!(answer.unwrap().1.len(), document.len() / 2),
            WrongContentType => assert_eq!(answer.unwrap(), (200, document.clone())),
        }
        issuer.answer_as_usual();
        assert_eq!(get(&issuer, path).await.unwrap(), (200, document.clone()));
    }
}
