//! Tokens of an outside issuer whose keys are found by discovery, over loopback.

use std::net::Ipv4Addr;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::signing_key::SigningKey;

const AUDIENCE: &str = "https://documents.example";

/// Serves a discovery document and a key set until the test ends; its URL.
async fn serve_issuer(jwks: String) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let document = json!({"issuer": url, "jwks_uri": format!("{url}/jwks")}).to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(octet) = stream.read_u8().await else { break };
                head.push(octet);
            }
            let (status, body) = match String::from_utf8_lossy(&head).split(' ').nth(1) {
                Some("/.well-known/openid-configuration") => ("200 OK", document.as_str()),
                Some("/jwks") => ("200 OK", jwks.as_str()),
                _ => ("404 Not Found", "{}"),
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

async fn start_with(issuer: &str) -> Service {
    Service::with(|mut options, _| {
        options.issuer = Some(issuer.parse().unwrap());
        options.audience = Some(AUDIENCE.into());
        options
    })
    .await
}

async fn me(service: &Service, key: &SigningKey, issuer: &str) -> Answer {
    let now = Clock::system().unix_time().as_secs();
    let claims = json!({
        "iss": issuer, "aud": AUDIENCE, "sub": "stranger", "client_id": "app", "jti": "1",
        "iat": now, "exp": now + 300, "scope": "documents:read",
    });
    let bearer = format!("Bearer {}", key.sign("at+jwt", &claims).unwrap());
    service.call(request("GET", "/me").header(AUTHORIZATION, bearer).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_keys_of_the_issuer_are_found_by_discovery() {
    let keys = Folder::new();
    let key = SigningKey::load_or_create(&keys.path().join("key.p8")).unwrap();
    let other = SigningKey::load_or_create(&keys.path().join("other.p8")).unwrap();
    let issuer = serve_issuer(key.jwks()).await;
    let service = start_with(&issuer).await;
    let answer = me(&service, &key, &issuer).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["issuer"], issuer.as_str());
    me(&service, &other, &issuer).await.check_problem(401);
    assert_eq!(service.get_as("alice", "/me").await.status, 200);
}

/// The service starts without its issuer; its tokens are 503, and all others go on.
#[tokio::test]
async fn an_issuer_that_is_down_concerns_its_own_tokens_alone() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let keys = Folder::new();
    let key = SigningKey::load_or_create(&keys.path().join("key.p8")).unwrap();
    let service = start_with(&issuer).await;
    let answer = me(&service, &key, &issuer).await;
    answer.check_problem(503);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(service.get_as("alice", "/me").await.status, 200);
}
