//! What strangers send to where the issuer tells of logouts (OpenID Connect Back-Channel Logout 1.0): whoever could
//! forge one could throw everybody out.

use std::net::Ipv4Addr;

use portcullis_testkit::{TestIssuer, TokenBuilder};
use serde_json::json;

use super::check_refused;
use crate::support::client::{Answer, Call, exchange};
use crate::support::documents::Documents;

const CLIENT: &str = "documents-app";
const FORM: &str = "application/x-www-form-urlencoded";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

struct World {
    service: Documents,
    issuer: TestIssuer,
    token: String,
}

impl World {
    async fn start() -> Self {
        let issuer = TestIssuer::offline("https://issuer.example");
        let service = Documents::with_key_set_and(&issuer, |options| {
            options.tokens.client_id = Some(CLIENT.to_owned());
        })
        .await;
        let token = issuer.token("robot").claim("sid", "s1").sign();
        Self { service, issuer, token }
    }

    /// A valid logout token.
    fn logout(&self) -> TokenBuilder {
        let token = self.issuer.token("robot").without("client_id").without("scope");
        let events = json!({ EVENT: {} });
        token.typ("logout+jwt").audience(CLIENT).claim("sid", "s1").claim("events", events)
    }

    async fn send(&self, token: &TokenBuilder) -> Answer {
        self.post(FORM, format!("logout_token={}", token.sign())).await
    }

    async fn post(&self, content_type: &str, body: impl AsRef<[u8]>) -> Answer {
        let call = Call::new("POST", "/backchannel-logout").field("Content-Type", content_type);
        self.service.call(call.body(body)).await
    }

    async fn me(&self) -> Answer {
        self.service.call(Call::get("/me").bearer(&self.token)).await
    }

    async fn check_nothing_ended(&self) {
        assert_eq!(self.me().await.status, 200);
    }
}

/// A14.5, OpenID Connect Back-Channel Logout §2.8.
#[track_caller]
fn check_400(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 400, "{what}: {answer:?}");
    assert_eq!(answer.json()["error"], "invalid_request", "{what}: {answer:?}");
    assert_eq!(answer.field("cache-control"), "no-store", "{what}: {answer:?}");
}

/// A14.1: junk, other content types, and bodies beyond the limit of 32 KiB.
#[tokio::test]
async fn nothing_but_a_form_with_a_logout_token_is_taken() {
    let world = World::start().await;
    let good = || world.logout().sign();
    for body in [
        String::new(),
        "logout_token".to_owned(),
        "logout_token=".to_owned(),
        "logout_token=junk".to_owned(),
        "logout_token=a.b.c".to_owned(),
        "logout_token=%".to_owned(),
        "logout_token=%00%ff%fe".to_owned(),
        "&&&===;;;".to_owned(),
        good(),
        format!("token={}", good()),
        format!("logout_token={0}&logout_token={0}", good()),
        format!("logout_token={}&x={}", good(), "x".repeat(33 * 1024)),
        format!("logout_token={}", "a".repeat(31 * 1024)),
    ] {
        check_400(&world.post(FORM, &body).await, body.get(..40).unwrap_or(&body));
    }
    check_400(&world.post(FORM, b"logout_token=\xff\xfe\0").await, "no UTF-8");
    for content_type in
        ["", "text/plain", "application/json", "multipart/form-data; boundary=x", "x", "a/b/c"]
    {
        let answer = world.post(content_type, format!("logout_token={}", good())).await;
        check_400(&answer, content_type);
    }
    // Far beyond every limit it is not even read to its end, so that the answer may be lost on the way.
    let huge = "a".repeat(4 << 20);
    let length = huge.len();
    let head = "POST /backchannel-logout HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let huge = format!("{head}Content-Type: {FORM}\r\nContent-Length: {length}\r\n\r\n{huge}");
    let read = exchange(world.service.address, Ipv4Addr::LOCALHOST, huge.as_bytes()).await;
    world.service.count(1);
    assert!(Answer::parse(&read).is_none_or(|answer| matches!(answer.status, 400 | 413)));
    for method in ["GET", "PUT", "DELETE"] {
        let call = Call::new(method, format!("/backchannel-logout?logout_token={}", good()));
        let answer = world.service.call(call).await;
        assert!(matches!(answer.status, 400 | 405), "{method}: {answer:?}");
    }
    world.check_nothing_ended().await;
    let record = world.service.stop().await;
    let refused = record.events.iter().filter(|event| event["route"] == "/backchannel-logout");
    assert!(refused.clone().count() > 20);
    for event in refused {
        assert!(event["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{event}");
    }
}

/// A14.2, A14.3.
#[tokio::test]
async fn forged_logouts_end_nothing() {
    let world = World::start().await;
    let stranger = TestIssuer::offline(world.issuer.url());
    let elsewhere = TestIssuer::offline("https://elsewhere.example");
    let logout = || world.logout();
    for (what, token) in [
        ("signed by a stranger", logout().signed_by(&stranger)),
        ("no signature", logout().signature([])),
        ("alg none", logout().header("alg", "none").signature([])),
        ("an hmac by the public key", logout().hmac_signed(world.issuer.jwks_json())),
        ("of another issuer", logout().claimed_issuer(elsewhere.url()).signed_by(&elsewhere)),
        ("for another client", logout().audience("another-app")),
        ("for the api", logout().audience(world.issuer.audience())),
        ("an access token", world.issuer.token("robot").claim("sid", "s1")),
        ("an access token with the event", logout().typ("at+jwt")),
        ("an id token", logout().without("events").typ("JWT")),
        ("with a nonce", logout().claim("nonce", "n")),
        ("without the event", logout().without("events")),
        ("with another event", logout().claim("events", json!({ "http://evil.example/event": {} }))),
        ("of nobody", logout().without("sub").without("sid")),
        ("expired", logout().expired_since(std::time::Duration::from_secs(3600))),
        ("without a date", logout().without("iat")),
        ("with a list for a subject", logout().claim("sub", json!(["robot"]))),
    ] {
        let answer = world.send(&token).await;
        check_400(&answer, what);
        world.check_nothing_ended().await;
        let sent = token.sign();
        let repeated = sent.split('.').filter(|part| part.len() > 12).any(|part| answer.body.contains(part));
        assert!(!repeated, "{what}: {answer:?}");
    }
    let record = world.service.stop().await;
    let refused = record.events.iter().filter(|event| event["route"] == "/backchannel-logout");
    assert!(refused.into_iter().all(|event| event["reason"] == "logout_token_refused"), "{}", record.text);
}

/// A14.4, A14.5, A14.6: a good one ends the login, and sent once more it is a replay.
#[tokio::test]
async fn a_logout_counts_once() {
    let world = World::start().await;
    world.check_nothing_ended().await;
    let logout = world.logout();
    let done = world.send(&logout).await;
    assert_eq!((done.status, done.field("cache-control")), (200, "no-store"), "{done:?}");
    check_refused(&world.me().await, "logged out");
    for _ in 0..3 {
        check_400(&world.send(&logout).await, "a replay");
    }
    // The service's own users know nothing of that issuer.
    world.service.check_alive().await;
    world.service.stop().await;
}
