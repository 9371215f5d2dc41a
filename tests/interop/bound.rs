//! Tokens that are bound to a key of the client (DPoP): the token comes from `oidc-provider`, the proofs from
//! `openid-client` and `dpop`.

use documents_api::Dpop;
use serde_json::{Value, json};

use super::{SIGNED, World};
use crate::support::client::Call;

/// A6.13-15: openid-client sends token and proof; the token alone is worth nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_counts_with_its_proof_alone() {
    let Some(mut world) = World::start().await else { return };
    let token = world.token(json!({ "dpop": "own" })).await;
    for path in ["/me", "/documents?limit=10", "/documents"] {
        let answer = world.fetch(path, &token, json!({ "dpop": "own" })).await;
        assert_eq!(answer["status"], 200, "{path}: {answer}");
    }
    // A6.15: as a bearer token; openid-client reads the challenges of both schemes.
    let refused = world.fetch("/me", &token, json!({})).await;
    assert_eq!(refused["status"], 401, "{refused}");
    // A6.14: with the proof of another key.
    let refused = world.fetch("/me", &token, json!({ "dpop": "another" })).await;
    assert_eq!(refused["status"], 401, "{refused}");
    assert_eq!(error_of(&refused, "dpop"), "invalid_token", "{refused}");
    // A6.15: an unbound token under the scheme DPoP.
    let unbound = world.token(json!({})).await;
    let refused = world.fetch("/me", &unbound, json!({ "dpop": "own" })).await;
    assert_eq!(refused["status"], 401, "{refused}");
    world.documents.stop().await;
}

/// A6.10, A6.6-7: one proof is good for one request, and for that request alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_good_for_one_request() {
    let Some(mut world) = World::start().await else { return };
    let token = world.token(json!({ "dpop": "own" })).await;
    let proof = world.proof(&token, "/me").await;
    assert_eq!(world.prove("/me", &token, &proof).await, (200, String::new()));
    let (status, challenge) = world.prove("/me", &token, &proof).await;
    assert!(status == 401 && challenge.contains("invalid_dpop_proof"), "replayed: {challenge}");

    let proof = world.proof(&token, "/documents").await;
    let (status, challenge) = world.prove("/me", &token, &proof).await;
    assert!(status == 401 && challenge.contains("invalid_dpop_proof"), "for another URL: {challenge}");
    // A6.13: a proof made for another token.
    let other = world.token(json!({ "dpop": "own" })).await;
    let proof = world.proof(&other, "/me").await;
    let (status, challenge) = world.prove("/me", &token, &proof).await;
    assert!(status == 401 && challenge.contains("invalid_dpop_proof"), "for another token: {challenge}");
    world.documents.stop().await;
}

/// A6.11-12: the server wants its own nonce; openid-client is told, and tries again with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_that_is_wanted_is_sent() {
    let Some(mut world) = World::with(SIGNED, |options| options.tokens.dpop_nonce = true).await else {
        return;
    };
    let token = world.token(json!({ "dpop": "own" })).await;
    let proof = world.proof(&token, "/me").await;
    let authorization = format!("DPoP {token}");
    let call = Call::get("/me").field("Authorization", authorization).field("DPoP", &proof);
    let refused = world.documents.call(call).await;
    assert_eq!(refused.status, 401, "{refused:?}");
    assert!(refused.all("www-authenticate").any(|field| field.contains("use_dpop_nonce")), "{refused:?}");
    assert!(!refused.field("dpop-nonce").is_empty(), "{refused:?}");

    // The first request is refused and repeated; the next one has the nonce at once.
    world.documents.count(1);
    let answer = world.fetch("/me", &token, json!({ "dpop": "own" })).await;
    assert_eq!(answer["status"], 200, "{answer}");
    let answer = world.fetch("/me", &token, json!({ "dpop": "own" })).await;
    assert_eq!(answer["status"], 200, "{answer}");
    world.documents.stop().await;
}

/// `--dpop required` and `--dpop off`.
#[tokio::test(flavor = "multi_thread")]
async fn bound_tokens_may_be_demanded_or_turned_away() {
    let Some(mut world) = World::with(SIGNED, |options| options.tokens.dpop = Dpop::Required).await else {
        return;
    };
    let (bound, unbound) = (world.token(json!({ "dpop": "own" })).await, world.token(json!({})).await);
    assert_eq!(world.fetch("/me", &bound, json!({ "dpop": "own" })).await["status"], 200);
    assert_eq!(world.status("/me", &unbound).await, 401);
    world.documents.stop().await;

    let Some(mut world) = World::with(SIGNED, |options| options.tokens.dpop = Dpop::Off).await else {
        return;
    };
    let (bound, unbound) = (world.token(json!({ "dpop": "own" })).await, world.token(json!({})).await);
    assert_eq!(world.fetch("/me", &bound, json!({ "dpop": "own" })).await["status"], 401);
    assert_eq!(world.status("/me", &unbound).await, 200);
    world.documents.stop().await;
}

/// A6 as a comparison: what oauth4webapi says of a request, we say too. It knows no replay, so each has a fresh proof.
#[tokio::test(flavor = "multi_thread")]
async fn another_resource_server_agrees_about_proofs() {
    let Some(mut world) = World::start().await else { return };
    let (token, other) = (world.token(json!({ "dpop": "own" })).await, world.token(json!({})).await);
    let good = world.proof(&token, "/me").await;
    let cut = good[..good.len() - 1].to_owned();
    let cases = [
        ("good", "DPoP", &token, world.proof(&token, "/me").await),
        ("with a query in the URL of the proof", "DPoP", &token, world.proof(&token, "/me?a=b").await),
        ("for another path", "DPoP", &token, world.proof(&token, "/documents").await),
        ("without `ath`", "DPoP", &token, world.proof("", "/me").await),
        ("cut short", "DPoP", &token, cut),
        ("two proofs", "DPoP", &token, format!("{good}, {good}")),
        ("as a bearer token", "Bearer", &token, world.proof(&token, "/me").await),
        ("an unbound token", "DPoP", &other, world.proof(&other, "/me").await),
    ];
    for (name, scheme, token, proof) in cases {
        let authorization = format!("{scheme} {token}");
        let headers = json!({ "authorization": &authorization, "dpop": &proof });
        let command = json!({
            "issuer": world.provider.issuer, "audience": SIGNED, "url": world.url("/me"), "headers": headers,
        });
        let theirs = world.client.ask("judge", command).await;
        let call = Call::get("/me").field("Authorization", authorization).field("DPoP", &proof);
        let ours = world.documents.call(call.host(world.documents.address)).await;
        assert_eq!(theirs["accepted"], ours.status == 200, "{name}: {theirs} {ours:?}");
    }
    world.documents.stop().await;
}

impl World {
    /// A proof by the library `dpop` for a GET of that path; without a token, one without `ath`.
    async fn proof(&mut self, token: &str, path: &str) -> String {
        let mut command = json!({ "issuer": self.provider.issuer, "dpop": "own", "url": self.url(path) });
        if !token.is_empty() {
            command["token"] = token.into();
        }
        self.client.ask("proof", command).await["proof"].as_str().unwrap().to_owned()
    }

    /// The status of the request with that proof, and the challenge for DPoP, if there is one.
    async fn prove(&self, path: &str, token: &str, proof: &str) -> (u16, String) {
        let call = Call::get(path).field("Authorization", format!("DPoP {token}")).field("DPoP", proof);
        let answer = self.documents.call(call.host(self.documents.address)).await;
        let challenge = answer.all("www-authenticate").find(|field| field.starts_with("DPoP"));
        (answer.status, challenge.unwrap_or_default().to_owned())
    }
}

/// The error in the challenge of that scheme.
fn error_of<'a>(refused: &'a Value, scheme: &str) -> &'a str {
    let challenges = refused["challenges"].as_array().unwrap();
    let found = challenges.iter().find(|challenge| challenge["scheme"] == scheme);
    found.and_then(|challenge| challenge["parameters"]["error"].as_str()).unwrap_or_default()
}
