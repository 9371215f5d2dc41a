//! Signed tokens: algorithms, judges, rotation, outage.

use serde_json::json;

use super::partner::{Partner, Provider, at_hand};
use super::{SIGNED, World};

/// A2, A3: whatever the provider signs with, and whoever the client is.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_each_algorithm_are_taken() {
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let audience = format!("https://documents.example/jwt/{algorithm}");
        let Some(mut world) = World::with(&audience, |_| {}).await else { return };
        let token = world.token(json!({ "resource": audience })).await;
        let answer = world.fetch("/me", &token, json!({})).await;
        assert_eq!(answer["status"], 200, "{algorithm}: {answer}");
        assert!(answer["body"].as_str().unwrap().contains("robot"), "{answer}");

        // A3.4: a token for another resource of the same provider.
        let stray = world.token(json!({ "resource": "https://payments.example/jwt/ES256" })).await;
        let refused = world.fetch("/me", &stray, json!({})).await;
        assert_eq!(refused["status"], 401, "{refused}");
        let challenge = &refused["challenges"][0];
        assert_eq!(challenge["parameters"]["error"], "invalid_token", "{refused}");
        world.documents.stop().await;
    }
}

/// A1.10: openid-client reads our challenge and finds the scope that it lacks.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_is_named_in_the_challenge_that_the_client_reads() {
    let Some(mut world) = World::start().await else { return };
    let token = world.token(json!({ "scope": "documents:write" })).await;
    let refused = world.fetch("/documents", &token, json!({})).await;
    assert_eq!(refused["status"], 403, "{refused}");
    let parameters = &refused["challenges"][0]["parameters"];
    assert_eq!(parameters["error"], "insufficient_scope", "{refused}");
    assert_eq!(parameters["scope"], "documents:read", "{refused}");
}

/// A1 and A3 through another language: Authlib gets the token and sends it.
#[tokio::test(flavor = "multi_thread")]
async fn authlib_gets_a_token_and_is_let_in() {
    let Some(world) = World::start().await else { return };
    let mut python = Partner::python("partner.py");
    let with = json!({ "issuer": world.provider.issuer, "resource": SIGNED, "scope": "documents:read" });
    let token = python.ask("token", with).await["token"].clone();
    let answer = python.ask("fetch", json!({ "url": world.url("/documents"), "token": token })).await;
    assert_eq!(answer["status"], 200, "{answer}");
    let judged = json!({ "issuer": world.provider.issuer, "token": token, "audience": SIGNED });
    assert_eq!(python.ask("judge", judged).await["accepted"], true);

    let mut broken = token.as_str().unwrap().to_owned();
    broken.replace_range(broken.len() - 8.., "AAAAAAAA");
    let answer = python.ask("fetch", json!({ "url": world.url("/documents"), "token": broken })).await;
    assert_eq!(answer["status"], 401, "{answer}");
    world.documents.count(2);
    world.client.kill().await;
    world.documents.stop().await;
}

/// A2, A3 as a comparison: what another resource server says of the same request, we say too.
#[tokio::test(flavor = "multi_thread")]
async fn another_resource_server_agrees_about_good_and_bad_tokens() {
    let Some(mut world) = World::start().await else { return };
    let good = world.token(json!({})).await;
    let stray = world.token(json!({ "resource": "https://payments.example/jwt/ES256" })).await;
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (other_signed, _) = stray.rsplit_once('.').unwrap();
    let cases = [
        ("good", good.clone()),
        ("for another audience", stray.clone()),
        ("without a signature", format!("{signed}.")),
        ("with the signature of another token", format!("{other_signed}.{signature}")),
        ("cut short", good[..good.len() - 1].to_owned()),
        ("with something behind it", format!("{good}.x")),
        ("not a token", "abc".to_owned()),
    ];
    for (name, token) in cases {
        let ours = world.status("/me", &token).await == 200;
        let url = world.url("/me");
        let theirs = world
            .client
            .ask(
                "judge",
                json!({
                    "issuer": world.provider.issuer, "audience": SIGNED, "url": url,
                    "headers": { "authorization": format!("Bearer {token}") },
                }),
            )
            .await;
        assert_eq!(theirs["accepted"], ours, "{name}: {theirs}");
        assert_eq!(ours, name == "good", "{name}");
    }
    world.documents.stop().await;
}

/// A2.15, A13.5: new keys while everything runs, with and without the old ones beside them.
#[tokio::test(flavor = "multi_thread")]
async fn keys_may_change_while_everything_runs() {
    let Some(mut world) = World::start().await else { return };
    let before = world.token(json!({})).await;
    assert_eq!(world.status("/me", &before).await, 200);
    world.provider.rotate(true).await;
    let after = world.token(json!({})).await;
    assert_ne!(header_of(&before), header_of(&after), "another key signs");
    assert_eq!(world.status("/me", &after).await, 200, "the new key is fetched when its name is met");
    assert_eq!(world.status("/me", &before).await, 200, "the old one is still published");
    world.provider.rotate(false).await;
    let sudden = world.token(json!({})).await;
    assert_eq!(world.status("/me", &sudden).await, 200, "a sudden change is noticed as well");
    assert_eq!(world.status("/me", &after).await, 401, "what is gone verifies nothing");
    world.documents.stop().await;
}

/// Fault table, "JWKS down at refresh" and "AS/JWKS down at start": known keys go on working while the provider is
/// dead, an unknown one is 503, and all is well when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn the_provider_may_die_and_come_back() {
    if !at_hand() {
        return;
    }
    let folder = tempfile();
    let keys = folder.join("keys.json");
    let keys = keys.to_str().unwrap();
    let provider = Provider::with(&["0", keys]).await;
    let (issuer, port) = (provider.issuer.clone(), provider.port().to_owned());
    let mut client = Partner::node("client.mjs", &[]);
    let with = json!({ "issuer": issuer, "resource": SIGNED, "scope": "documents:read" });
    let token = client.ask("token", with).await["token"].as_str().unwrap().to_owned();
    provider.process.kill().await;

    let documents = crate::support::documents::Documents::with(|options, _| {
        options.issuer = Some(issuer.parse().unwrap());
        options.audience = Some(SIGNED.to_owned());
    })
    .await;
    let me = || crate::support::client::Call::get("/me").bearer(&token);
    let down = documents.call(me()).await;
    down.check_problem(503);
    assert!(!down.field("retry-after").is_empty(), "{down:?}");
    documents.check_alive().await;

    let provider = Provider::with(&[&port, keys]).await;
    let deadline = tokio::time::Instant::now() + crate::support::client::PATIENCE;
    while documents.call(me()).await.status != 200 {
        assert!(tokio::time::Instant::now() < deadline, "the keys come back");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    provider.process.kill().await;
    assert_eq!(documents.call(me()).await.status, 200, "the keys are known");
    documents.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}

fn header_of(token: &str) -> &str {
    token.split('.').next().unwrap()
}

fn tempfile() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("portcullis-interop-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
