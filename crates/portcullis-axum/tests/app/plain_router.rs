//! The same layers on a plain axum router, and an `App` inside one.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use portcullis_audit::{Audit, AuditLayer, MemorySink};
use portcullis_authn::{ApiKey, ApiKeySet, ApiKeys, AuthenticationLayer, Requirement, Schemes};
use portcullis_authz::{AuthorizationLayer, ScopeSet, Scoped, scope};
use portcullis_axum::Routes;
use portcullis_core::{Clock, CredentialMethod, Principal, Scopes, Secret};
use portcullis_ratelimit::{MINUTE, RateLimitLayer, client_ip, per};
use tower::{ServiceBuilder, ServiceExt};

use crate::support::{Bench, KEY, request};

#[derive(Debug)]
struct Writes;

impl ScopeSet for Writes {
    const SCOPES: &'static [&'static str] = &["write"];
}

fn router(events: &MemorySink) -> (Router, Secret) {
    let alice =
        Principal::builder("alice", CredentialMethod::ApiKey).scopes(Scopes::parse("read").unwrap()).build();
    let (secret, key) = ApiKey::generate("test_", "alice-1", alice).unwrap();
    let keys = ApiKeys::header(KEY).keys(ApiKeySet::new([key]).unwrap());
    let schemes = Schemes::builder("test", Clock::system()).scheme("key", keys).build().unwrap();
    let layers = ServiceBuilder::new()
        .layer(AuditLayer::new(Audit::builder().sink(events.clone()).build().unwrap()))
        .layer(RateLimitLayer::new(per(client_ip()).requests(3).every(MINUTE)).unwrap())
        .layer(AuthenticationLayer::new(schemes.default_set(Requirement::Required).unwrap()))
        .layer(AuthorizationLayer::new(scope("read")).unwrap());
    let router = Router::new()
        .route("/who", get(async |caller: Principal| caller.subject().to_owned()))
        .route("/write", get(async |_: Scoped<Writes>| ()))
        .layer(layers);
    (router, secret)
}

#[tokio::test]
async fn the_layers_work_one_by_one_on_a_plain_router() {
    let events = MemorySink::keeping(10);
    let (router, key) = router(&events);
    let call = async |request: http::request::Builder| {
        router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    };
    let as_alice = |path| request("GET", path).header(KEY, key.expose());
    let statuses = [
        call(as_alice("/who")).await,
        call(request("GET", "/who")).await,
        call(as_alice("/write")).await,
        call(as_alice("/who")).await,
    ];
    assert_eq!(statuses, [200, 401, 403, 429]);
    let reasons: Vec<_> =
        events.events().iter().map(|event| event.reason().map_or("-", |r| r.code())).collect();
    assert_eq!(reasons, ["-", "missing_credentials", "insufficient_scope", "quota_exceeded"]);
}

#[tokio::test]
async fn an_extractor_without_any_layer_is_500_and_never_a_pass() {
    let bare = Router::new()
        .route("/who", get(async |caller: Principal| caller.subject().to_owned()))
        .route("/maybe", get(async |_: Option<Principal>| ()))
        .route("/write", get(async |_: Scoped<Writes>| ()));
    for path in ["/who", "/maybe", "/write"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(bare.clone().oneshot(request).await.unwrap().status(), 500, "{path}");
    }
}

#[tokio::test]
async fn an_app_opened_up_keeps_its_own_routes_guarded() {
    let bench =
        Bench::new(Routes::new().route("/who", portcullis_axum::get(async || "in").requires(scope("read"))));
    let open = bench.app.clone().into_router_danger_open_ended().route("/extra", get(async || "unguarded"));
    let call = async |request: http::request::Builder| {
        open.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    };
    assert_eq!(call(bench.as_alice("GET", "/who")).await, 200);
    assert_eq!(call(request("GET", "/who")).await, 401);
    assert_eq!(call(request("GET", "/extra")).await, 200);
    assert_eq!(bench.events.events().len(), 2, "what was added is not recorded");
}
