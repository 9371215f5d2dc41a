//! A plain axum router that knows the scopes and roles of the application.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use portcullis_audit::{Audit, AuditLayer, MemorySink};
use portcullis_authn::{ApiKey, ApiKeySet, ApiKeys, AuthenticationLayer, Requirement, Schemes};
use portcullis_authz::{
    RoleModel, ScopeCatalog, ScopeSet, Scoped, Vocabulary, VocabularyLayer, authenticated, permission, role,
    scope,
};
use portcullis_axum::authorize;
use portcullis_core::{Clock, CredentialMethod, Principal, Scopes, Secret};
use tower::{ServiceBuilder, ServiceExt};

use crate::support::{KEY, request};

#[authorize(scope("read"), crate = "portcullis_axum")]
async fn implied_scope() {}

#[authorize(role("viewer"), crate = "portcullis_axum")]
async fn included_role() {}

#[authorize(permission("publish"), crate = "portcullis_axum")]
async fn permitted() {}

#[authorize(permission("delete"), crate = "portcullis_axum")]
async fn not_permitted() {}

#[authorize(authenticated().unless(permission("publish")), crate = "portcullis_axum")]
async fn forbidden() {}

#[authorize(!permission("pubilsh"), crate = "portcullis_axum")]
async fn misspelt() {}

#[derive(Debug)]
struct Reads;

impl ScopeSet for Reads {
    const SCOPES: &'static [&'static str] = &["read"];
}

#[derive(Debug)]
struct Raeds;

impl ScopeSet for Raeds {
    const SCOPES: &'static [&'static str] = &["raed"];
}

fn words() -> VocabularyLayer {
    let scopes = ScopeCatalog::new(["read", "write"]).implies("write", ["read"]);
    let roles = RoleModel::builder()
        .role("viewer")
        .role("editor")
        .includes("viewer")
        .permits("publish")
        .role("admin")
        .permits("delete");
    VocabularyLayer::new(Vocabulary::new().with_scopes(scopes).unwrap().with_roles(roles.build().unwrap()))
}

/// Alice holds `write` and is an `editor`.
fn router(events: &MemorySink, words: Option<VocabularyLayer>) -> (Router, Secret) {
    let alice = Principal::builder("alice", CredentialMethod::ApiKey).role("editor");
    let alice = alice.scopes(Scopes::parse("write").unwrap()).build();
    let (secret, key) = ApiKey::generate("test_", "alice-1", alice).unwrap();
    let keys = ApiKeys::header(KEY).keys(ApiKeySet::new([key]).unwrap());
    let schemes = Schemes::builder("test", Clock::system()).scheme("key", keys).build().unwrap();
    let layers = ServiceBuilder::new()
        .layer(AuditLayer::new(Audit::builder().sink(events.clone()).build().unwrap()))
        .layer(AuthenticationLayer::new(schemes.default_set(Requirement::Optional).unwrap()))
        .option_layer(words);
    let router = Router::new()
        .route("/scope", get(implied_scope))
        .route("/scoped", get(async |_: Scoped<Reads>| ()))
        .route("/scoped/misspelt", get(async |_: Scoped<Raeds>| ()))
        .route("/role", get(included_role))
        .route("/permitted", get(permitted))
        .route("/not_permitted", get(not_permitted))
        .route("/forbidden", get(forbidden))
        .route("/misspelt", get(misspelt))
        .layer(layers);
    (router, secret)
}

async fn check(words: Option<VocabularyLayer>, expected: &[(&str, u16, &str)]) {
    let events = MemorySink::keeping(10);
    let (router, key) = router(&events, words);
    for (path, status, reason) in expected {
        let request = request("GET", path).header(KEY, key.expose()).body(Body::empty()).unwrap();
        let answered = router.clone().oneshot(request).await.unwrap().status().as_u16();
        let event = events.latest(1).remove(0);
        let told = event.reason().map_or("-", |reason| reason.code());
        assert_eq!((answered, told), (*status, *reason), "{path}");
        let anonymous = crate::support::request("GET", path).body(Body::empty()).unwrap();
        assert_eq!(router.clone().oneshot(anonymous).await.unwrap().status(), 401, "{path}");
    }
}

#[tokio::test]
async fn handlers_on_a_plain_router_go_by_the_words_of_the_layer() {
    let expected = [
        ("/scope", 200, "-"),
        ("/scoped", 200, "-"),
        ("/role", 200, "-"),
        ("/permitted", 200, "-"),
        ("/not_permitted", 403, "insufficient_permission"),
        ("/forbidden", 403, "explicitly_denied"),
        // A name that the application does not know is a failure, and no pass by negation.
        ("/misspelt", 500, "misconfigured"),
        ("/scoped/misspelt", 500, "misconfigured"),
    ];
    check(Some(words()), &expected).await;
}

#[tokio::test]
async fn without_the_layer_nothing_stands_for_anything_else() {
    let expected = [
        ("/scope", 403, "insufficient_scope"),
        ("/scoped", 403, "insufficient_scope"),
        ("/scoped/misspelt", 403, "insufficient_scope"),
        ("/role", 403, "insufficient_role"),
        ("/permitted", 500, "misconfigured"),
        ("/forbidden", 500, "misconfigured"),
        ("/misspelt", 500, "misconfigured"),
    ];
    check(None, &expected).await;
}
