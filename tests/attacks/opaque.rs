//! Floods of opaque tokens (RFC 7662) while whoever could tell of them does not.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis::Clock;
use portcullis_testkit::{TestIntrospection, TestIssuer};

use super::check_refused;
use crate::support::client::Call;
use crate::support::documents::Documents;

/// So many junk tokens come side by side, and so often.
const SIDE_BY_SIDE: usize = 20;
const ROUNDS: usize = 15;

async fn start(issuer: &TestIssuer, endpoint: &str) -> Documents {
    Documents::with_discovery_and(issuer, |options| {
        options.tokens.introspect = Some(endpoint.to_owned());
        options.tokens.client_id = Some("documents".to_owned());
        options.tokens.client_secret = Some("the-secret-of-documents".into());
    })
    .await
}

/// Sends junk in rounds; each is 503 and told when to come back, and known tokens go on.
async fn flood(service: &Documents) {
    for round in 0..ROUNDS {
        let calls = (0..SIDE_BY_SIDE)
            .map(|n| service.call(Call::get("/me").bearer(&format!("junk-token-{round}-{n}"))));
        for answer in join_all(calls).await {
            answer.check_problem(503);
            let wait: u64 = answer.field("retry-after").parse().unwrap();
            assert!((1..=60).contains(&wait), "{answer:?}");
            // A4.4: nobody said that the token is bad.
            assert!(!answer.all("www-authenticate").any(|field| field.contains("error=")), "{answer:?}");
        }
        service.check_alive().await;
    }
}

/// A4.4, RFC 7662 §2.3: what is in progress when the first failures are known, and then one call per pause.
#[tokio::test]
async fn a_flood_of_junk_while_nobody_answers_is_503_and_makes_a_handful_of_calls() {
    let issuer = TestIssuer::start().await;
    let server = TestIntrospection::start().await;
    server.answer_with(500, "text/plain", "down");
    let service = start(&issuer, server.url()).await;
    let clock = Clock::system();
    let begun = clock.monotonic();
    flood(&service).await;
    let pauses = usize::try_from((clock.monotonic() - begun).as_secs()).unwrap();
    let calls = server.requests().len();
    assert!((1..=SIDE_BY_SIDE + 1 + pauses).contains(&calls), "{calls} calls in {pauses} s");

    let record = service.stop().await;
    let events = record.events.iter().filter(|event| event["status"] == 503);
    assert_eq!(events.count(), ROUNDS * SIDE_BY_SIDE);
    assert!(!record.text.contains("junk-token") && !record.text.contains("the-secret"), "it is in the audit");
}

/// The same where not even the endpoint can be found: the whole issuer is down from the start.
#[tokio::test]
async fn a_flood_of_junk_while_the_issuer_is_down_is_503_and_makes_a_handful_of_calls() {
    let issuer = TestIssuer::start().await;
    issuer.go_down();
    let service = start(&issuer, "discover").await;
    let clock = Clock::system();
    let begun = clock.monotonic();
    flood(&service).await;
    let elapsed = clock.monotonic() - begun;
    // Discovery and keys, each with its pauses; far from one for each token.
    let most = 3 * SIDE_BY_SIDE + 2 * usize::try_from(elapsed.as_secs()).unwrap();
    assert!(issuer.requests() <= most, "{} requests in {elapsed:?}", issuer.requests());
    assert!(elapsed < Duration::from_secs(60), "junk is told at once: {elapsed:?}");
    service.stop().await;
}

/// A4.2, A4.3: once somebody answers, junk is `invalid_token`, and so is what is active for another audience.
#[tokio::test]
async fn what_nobody_vouches_for_is_invalid() {
    let issuer = TestIssuer::start().await;
    let server = TestIntrospection::start().await;
    let service = start(&issuer, server.url()).await;
    let members = |audience: &str| {
        let exp = Clock::system().unix_time().as_secs() + 60;
        serde_json::json!({
            "active": true, "sub": "robot", "iss": issuer.url(), "aud": audience, "exp": exp, "client_id": "c",
        })
    };
    server.activate("good-opaque-token", members(issuer.audience()));
    server.activate("stray-opaque-token", members("https://payments.example"));
    let me = |token: &str| service.call(Call::get("/me").bearer(token));
    assert_eq!(me("good-opaque-token").await.status, 200);
    for token in ["stray-opaque-token", "good-opaque-toke", "GOOD-OPAQUE-TOKEN", "good-opaque-token="] {
        check_refused(&me(token).await, token);
    }
    server.revoke("good-opaque-token");
    check_refused(&me("good-opaque-token").await, "revoked");
    service.stop().await;
}
