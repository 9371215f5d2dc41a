//! Opaque tokens, about which the provider is asked (RFC 7662, RFC 9701).

use documents_api::Options;
use portcullis::oauth::introspection::ClientAuthentication;
use portcullis::oauth::{Introspection, Issuer};
use portcullis::{Clock, Reason, Secret};
use serde_json::json;

use super::World;
use super::partner::{Partner, Provider, at_hand};

pub const OPAQUE: &str = "https://documents.example/opaque";

fn ask_as(client: &'static str) -> impl FnOnce(&mut Options) {
    move |options| {
        options.tokens.introspect = Some("discover".to_owned());
        options.tokens.client_id = Some(client.to_owned());
        options.tokens.client_secret = Some(format!("{client}-secret").into());
    }
}

/// A4.1-3: the token counts as long as its issuer says so, and for the scopes that it says.
#[tokio::test(flavor = "multi_thread")]
async fn an_opaque_token_counts_until_it_is_revoked() {
    let Some(mut world) = World::with(OPAQUE, ask_as("documents-api")).await else { return };
    let token = world.token(json!({ "resource": OPAQUE })).await;
    assert!(!token.contains('.'), "opaque: {token}");
    assert_eq!(world.status("/documents", &token).await, 200);
    let json = json!({ "content-type": "application/json" });
    let write = json!({ "method": "POST", "body": "{\"title\":\"x\"}", "headers": json });
    let refused = world.fetch("/documents", &token, write).await;
    assert_eq!(refused["status"], 403, "{refused}");

    // A3.4 by introspection: for another resource.
    let stray = world.token(json!({ "resource": "https://payments.example/opaque" })).await;
    assert_eq!(world.status("/documents", &stray).await, 401);

    let revoke = json!({ "issuer": world.provider.issuer, "token": token });
    world.client.ask("revoke", revoke).await;
    let refused = world.fetch("/documents", &token, json!({})).await;
    assert_eq!(refused["status"], 401, "{refused}");
    assert_eq!(refused["challenges"][0]["parameters"]["error"], "invalid_token", "{refused}");
    assert_eq!(world.status("/documents", "made-up").await, 401);
    world.documents.stop().await;
}

/// A6.14 by introspection: `cnf` of the answer binds as that of a token does.
#[tokio::test(flavor = "multi_thread")]
async fn an_opaque_token_may_be_bound() {
    let Some(mut world) = World::with(OPAQUE, ask_as("documents-api")).await else { return };
    let token = world.token(json!({ "resource": OPAQUE, "dpop": "own" })).await;
    assert_eq!(world.fetch("/me", &token, json!({ "dpop": "own" })).await["status"], 200);
    assert_eq!(world.fetch("/me", &token, json!({ "dpop": "another" })).await["status"], 401);
    assert_eq!(world.status("/me", &token).await, 401);
    world.documents.stop().await;
}

/// A4.4: the provider is gone, which says nothing about the token.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_to_ask_is_503() {
    let Some(mut world) = World::with(OPAQUE, ask_as("documents-api")).await else { return };
    let token = world.token(json!({ "resource": OPAQUE })).await;
    assert_eq!(world.status("/me", &token).await, 200);
    let World { documents, provider, client } = world;
    provider.process.kill().await;
    client.kill().await;
    let call = crate::support::client::Call::get("/me").bearer(&token);
    let down = documents.call(call).await;
    down.check_problem(503);
    assert!(!down.field("retry-after").is_empty(), "{down:?}");
    documents.check_alive().await;
    documents.stop().await;
}

/// A4.8, RFC 9701: the provider signs its answers for whoever wants them so.
#[tokio::test(flavor = "multi_thread")]
async fn signed_answers_of_the_provider_are_believed() {
    if !at_hand() {
        return;
    }
    let provider = Provider::start().await;
    let mut client = Partner::node("client.mjs", &[]);
    let with = json!({ "issuer": provider.issuer, "resource": OPAQUE, "scope": "documents:read" });
    let token = client.ask("token", with).await["token"].as_str().unwrap().to_owned();
    let ask_as = |name: &str| {
        let issuer = Issuer::discover(&*provider.issuer).audience(OPAQUE).insecure_http_on_loopback();
        let secret = Secret::from(format!("{name}-secret"));
        let introspection = Introspection::of(issuer, ClientAuthentication::basic(name, secret));
        introspection.signed_answers().build(&Clock::system()).unwrap()
    };
    let caller = ask_as("documents-api-signed").verify(&token).resolve().await.unwrap();
    assert!(caller.client_id() == Some("robot") && caller.has_scope("documents:read"), "{caller:?}");
    let refused = ask_as("documents-api-signed").verify("made-up").resolve().await.unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.reason()), (401, Reason::TokenInactive));
    // The field `Accept` is enough for this provider; it then signs by its default algorithm.
    let caller = ask_as("documents-api").verify(&token).resolve().await.unwrap();
    assert_eq!(caller.subject(), "robot");
    client.kill().await;
    provider.process.kill().await;
}
