//! Handlers that carry their rule in their type.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::Request;
use http::request::Builder;
use portcullis_authz::{authenticated, role, scope};
use portcullis_axum::{HasRule, Routes, SecureRouter, authorize, get, post};
use portcullis_core::{Effect, Principal, Room};
use portcullis_ratelimit::{MINUTE, per, principal};
use tower::ServiceExt;

use crate::support::{Bench, request, security, text};

#[authorize(scope("read"), crate = "portcullis_axum")]
async fn list() -> &'static str {
    "listed"
}

/// What the attribute leaves alone: docs, other attributes, patterns, generics, where clauses, `mut`.
#[authorize(crate = portcullis_axum, scope("read").and(role("editor")))]
#[must_use]
async fn echo<T>(State(prefix): State<&'static str>, Path(mut id): Path<T>, body: String) -> String
where
    T: std::fmt::Display + std::ops::AddAssign + From<u8> + Send,
{
    id += T::from(1);
    format!("{prefix}{id}{body}")
}

#[authorize(scope("write"), crate = "portcullis_axum")]
async fn create(body: String) -> String {
    body
}

#[authorize(public = "load balancer probe", crate = "portcullis_axum")]
async fn health() -> &'static str {
    "ok"
}

struct Api;

#[authorize]
impl Api {
    const GREETING: &'static str = "hello ";

    /// An associated function.
    #[authorize(scope("read"), crate = "portcullis_axum")]
    async fn greet(caller: Principal) -> String {
        format!("{}{}", Self::GREETING, caller.subject())
    }

    #[authorize(scope("write"), crate = "portcullis_axum")]
    async fn refuse() {}

    async fn free() -> &'static str {
        "free"
    }
}

struct Store<T>(std::marker::PhantomData<T>);

#[authorize]
impl<T: Default + std::fmt::Display + Send> Store<T> {
    #[authorize(scope("read"), crate = "portcullis_axum")]
    async fn first() -> String {
        T::default().to_string()
    }
}

trait Named {
    fn name() -> impl Future<Output = &'static str> + Send;
}

/// The same name as that of a free function, and of another block's.
#[authorize]
impl Store<u8> {
    #[authorize(scope("read"), crate = "portcullis_axum")]
    async fn list() -> &'static str {
        "store"
    }
}

impl Named for Api {
    async fn name() -> &'static str {
        "api"
    }
}

async fn status(bench: &Bench, request: Builder) -> u16 {
    bench.call(request).await.status().as_u16()
}

#[tokio::test]
async fn an_annotated_handler_needs_no_rule_on_its_route() {
    let bench = Bench::new(Routes::new().route("/a", get(list).post(create)).route("/b", get(health)));
    assert_eq!(text(bench.call(bench.as_alice("GET", "/a")).await).await, "listed");
    assert_eq!(status(&bench, request("GET", "/a")).await, 401);
    assert_eq!(status(&bench, bench.as_alice("POST", "/a")).await, 403);
    assert_eq!(text(bench.call(request("GET", "/b")).await).await, "ok");
}

#[tokio::test]
async fn head_is_answered_under_the_rule_of_get() {
    let bench = Bench::new(Routes::new().route("/a", get(list)));
    assert_eq!(status(&bench, bench.as_alice("HEAD", "/a")).await, 200);
    assert_eq!(status(&bench, request("HEAD", "/a")).await, 401);
}

#[tokio::test]
async fn generics_patterns_and_state_stay_what_they_are() {
    let routes = Routes::new().route("/{id}", post(echo::<u64>)).with_state("no. ");
    let bench = Bench::new(Routes::new().nest("/notes", routes));
    let call = bench.as_alice("POST", "/notes/7").body(Body::from("!")).unwrap();
    assert_eq!(text(bench.send(call).await).await, "no. 8!");
    assert_eq!(status(&bench, request("POST", "/notes/7")).await, 401);
}

#[tokio::test]
async fn functions_of_a_block_carry_their_rules() {
    let routes = Routes::new()
        .route("/greet", get(Api::greet))
        .route("/refuse", get(Api::refuse))
        .route("/free", get(Api::free).public("free"))
        .route("/name", get(Api::name).public("a name"))
        .route("/first", get(Store::<u32>::first))
        .route("/store", get(Store::<u8>::list));
    let bench = Bench::new(routes);
    for (path, expected) in
        [("/greet", "hello alice"), ("/free", "free"), ("/first", "0"), ("/store", "store")]
    {
        assert_eq!(text(bench.call(bench.as_alice("GET", path)).await).await, expected);
    }
    assert_eq!(status(&bench, bench.as_alice("GET", "/refuse")).await, 403);
    assert_eq!(status(&bench, request("GET", "/first")).await, 401);
}

/// The gate asks; the argument takes its word. What a gate asks more is joined to what the handler carries.
#[tokio::test]
async fn the_rule_is_asked_once_and_joined_to_that_of_the_route() {
    let routes = Routes::new()
        .route("/a", get(list))
        .route("/b", get(list).requires(role("editor")))
        .route("/c", get(list).requires(role("admin")))
        // So strict that the handler's rule is left out of it: the handler asks for itself, to be sure.
        .route("/d", get(list).requires(scope("read").and(role("editor"))));
    let bench = Bench::new(routes);
    for (path, expected, asked) in [("/a", 200, 1), ("/b", 200, 1), ("/d", 200, 2), ("/c", 403, 1)] {
        assert_eq!(status(&bench, bench.as_alice("GET", path)).await, expected);
        let events = bench.events.events();
        let decisions = events.last().unwrap().decisions();
        assert_eq!(decisions.iter().filter(|entry| entry.room == Room::Rule).count(), asked, "{path}");
    }
    assert_eq!(bench.last_reason(), "insufficient_role");
    let table = bench.app.route_table().to_string();
    assert!(table.contains("scope(read) and role(admin)"), "{table}");
}

#[tokio::test]
async fn settings_of_the_route_hold_for_annotated_handlers_too() {
    let limit = per(principal()).requests(1).every(MINUTE).named("few");
    let routes = Routes::new()
        .route("/a", get(list).limit(limit))
        .route("/b", get(list).via("key").post(async || "posted").requires(authenticated()))
        .route("/c", get(via_key));
    let bench = Bench::new(routes);
    for expected in [200, 429] {
        assert_eq!(status(&bench, bench.as_alice("GET", "/a")).await, expected);
    }
    assert_eq!(status(&bench, bench.as_alice("POST", "/b")).await, 200);
    assert_eq!(status(&bench, bench.as_alice("GET", "/c")).await, 200);
    let key =
        bench.app.route_table().rows().iter().filter(|row| row.policy.to_string() == "scope(read) via key");
    assert_eq!(key.count(), 2);
}

#[authorize(scope("read"), via = "key", crate = "portcullis_axum")]
async fn via_key() {}

#[track_caller]
fn check(handlers: impl HasRule<()>, code: &str) {
    let (security, ..) = security();
    let routes = Routes::new().route("/a", handlers);
    let errors = SecureRouter::new(security.build().unwrap()).mount(routes).finish().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), [code], "{errors}");
    assert!(errors.iter().all(|error| error.message().starts_with("/a: ")), "{errors}");
}

#[test]
fn what_route_and_handler_say_must_agree() {
    check(get(list).public("for all"), "P240");
    check(get(health).requires(scope("read")), "P240");
    check(get(health).public("twice"), "P241");
    check(get(list).requires(authenticated()), "P241");
    check(get(list).requires(scope("read")), "P241");
    check(get(via_key).via("key"), "P242");
    check(get(via_key).requires(role("editor")).via("key"), "P242");
}

mod plain {
    //! On a router that knows nothing of rules, the argument asks for itself.

    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Poll;

    use bytes::Bytes;
    use futures_util::stream;
    use portcullis_audit::{Audit, AuditLayer, MemorySink};
    use portcullis_authn::{ApiKey, ApiKeySet, ApiKeys, AuthenticationLayer, Requirement, Schemes};
    use portcullis_core::{Clock, CredentialMethod, Scopes, Secret};
    use tower::ServiceBuilder;

    use super::*;
    use crate::support::KEY;

    fn router() -> Router {
        Router::new()
            .route("/list", axum::routing::get(list))
            .route("/create", axum::routing::post(create))
            .route("/greet", axum::routing::get(Api::greet))
            .route("/health", axum::routing::get(health))
            .route("/via", axum::routing::get(via_key))
    }

    fn guarded(scheme: &'static str) -> (Router, Secret) {
        let alice =
            Principal::builder("alice", CredentialMethod::ApiKey).scopes(Scopes::parse("read").unwrap());
        let (secret, key) = ApiKey::generate("test_", "alice-1", alice.build()).unwrap();
        let keys = ApiKeys::header(KEY).keys(ApiKeySet::new([key]).unwrap());
        let schemes = Schemes::builder("test", Clock::system()).scheme(scheme, keys).build().unwrap();
        let layers = ServiceBuilder::new()
            .layer(AuditLayer::new(Audit::builder().sink(MemorySink::keeping(10)).build().unwrap()))
            .layer(AuthenticationLayer::new(schemes.default_set(Requirement::Optional).unwrap()));
        (router().layer(layers), secret)
    }

    async fn send(router: &Router, request: Request<Body>) -> Response {
        router.clone().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn the_rule_is_enforced_before_any_body_is_read() {
        let (router, key) = guarded("key");
        let as_alice = |method, path| request(method, path).header(KEY, key.expose());
        for (request, expected) in [
            (as_alice("GET", "/list"), 200),
            (request("GET", "/list"), 401),
            (as_alice("GET", "/greet"), 200),
            (request("GET", "/greet"), 401),
            (request("GET", "/health"), 200),
        ] {
            let request = request.body(Body::empty()).unwrap();
            let shown = format!("{request:?}");
            assert_eq!(send(&router, request).await.status(), expected, "{shown}");
        }
        let read = Arc::new(AtomicBool::new(false));
        let body = stream::poll_fn({
            let read = Arc::clone(&read);
            move |_| {
                read.store(true, Ordering::Relaxed);
                Poll::Ready(None::<Result<Bytes, io::Error>>)
            }
        });
        let create = as_alice("POST", "/create").body(Body::from_stream(body)).unwrap();
        assert_eq!(send(&router, create).await.status(), 403);
        assert!(!read.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_scheme_that_the_handler_does_not_name_is_refused() {
        for (scheme, expected) in [("key", 200), ("other", 401)] {
            let (router, key) = guarded(scheme);
            let request = request("GET", "/via").header(KEY, key.expose()).body(Body::empty()).unwrap();
            assert_eq!(send(&router, request).await.status(), expected, "{scheme}");
        }
    }

    #[tokio::test]
    async fn without_portcullis_a_rule_is_500_and_never_a_pass() {
        for (path, expected) in [("/list", 500), ("/greet", 500), ("/via", 500), ("/health", 200)] {
            let request = request("GET", path).body(Body::empty()).unwrap();
            assert_eq!(send(&router(), request).await.status(), expected, "{path}");
        }
    }

    /// The gate of the subtree upholds its own rule, not that of the handler within.
    #[tokio::test]
    async fn a_router_in_a_subtree_is_not_covered_by_the_rule_of_the_subtree() {
        let inner = Router::new().nest("/sub", router());
        let routes = Routes::new().service("/sub", portcullis_axum::service(inner).requires(scope("read")));
        let bench = Bench::new(routes);
        assert_eq!(status(&bench, bench.as_alice("GET", "/sub/list")).await, 200);
        assert_eq!(status(&bench, bench.as_alice("POST", "/sub/create")).await, 403);
        assert_eq!(bench.last_reason(), "insufficient_scope");
        let last = bench.events.events().last().unwrap().clone();
        let effects: Vec<Effect> =
            last.decisions().iter().filter(|e| e.room == Room::Rule).map(|e| e.effect).collect();
        assert_eq!(effects, [Effect::Allow, Effect::Deny]);
    }
}
