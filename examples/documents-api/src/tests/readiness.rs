//! What a load balancer and a client without a token are told.

use portcullis_testkit::TestIssuer;
use serde_json::json;

use super::*;

/// A10.4-5, A10.7, RFC 9728 §3.
#[tokio::test]
async fn the_metadata_tell_what_is_enforced() {
    let service = Service::start().await;
    let get = || request("GET", "/.well-known/oauth-protected-resource").body(Body::empty()).unwrap();
    let answer = service.call(get()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let metadata = answer.json();
    assert_eq!(metadata["resource"], service.server.url());
    assert_eq!(metadata["scopes_supported"], json!(["documents:read", "documents:write"]));
    assert_eq!(metadata["dpop_signing_alg_values_supported"], json!(["ES256", "ES384", "EdDSA"]));
    assert!(metadata.get("dpop_bound_access_tokens_required").is_none_or(|required| required == false));

    let public = Service::with(|mut options, _| {
        options.public_url = Some("https://documents.example.com".to_owned());
        options.tokens.dpop = crate::options::Dpop::Required;
        options
    });
    let answer = public.await.call(get()).await;
    assert_eq!(answer.json()["resource"], "https://documents.example.com", "{}", answer.text);
    assert_eq!(answer.json()["dpop_bound_access_tokens_required"], true);
}

/// Fault table, "AS/JWKS down at start": the service starts, and says that it is not ready.
#[tokio::test]
async fn it_is_ready_when_the_keys_of_the_outside_issuer_are_there() {
    let ready = || request("GET", "/ready").body(Body::empty()).unwrap();
    assert_eq!(Service::start().await.call(ready()).await.json(), json!({ "status": "ready" }));

    let issuer = TestIssuer::start().await;
    issuer.go_down();
    let service = Service::with(|mut options, _| {
        options.issuer = Some(issuer.url().parse().unwrap());
        options.audience = Some(issuer.audience().to_owned());
        options
    })
    .await;
    let answer = service.call(ready()).await;
    answer.check_problem(503);
    assert!(!answer.header("retry-after").is_empty());
    assert!(!answer.text.contains(issuer.url()), "who it is, is nobody's business: {}", answer.text);
}
