//! Nothing of a handler happens before the decision.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use bytes::Bytes;
use http::request::Parts;
use http_body::Frame;
use portcullis_authz::{anonymous, authenticated, scope};
use portcullis_axum::{Routes, SecureRouter, get, post, service};
use portcullis_core::Principal;
use tower::ServiceExt;

use crate::support::{Bench, KEY, problem, request, security, text};

/// A body that counts how often it is read.
struct Watched(Arc<AtomicUsize>);

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
        Poll::Ready(first.then(|| Ok(Frame::data(Bytes::from_static(b"{\"title\":\"t\"}")))))
    }
}

/// An extractor of the head that counts how often it runs.
struct Counted;

impl FromRequestParts<Arc<AtomicUsize>> for Counted {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, count: &Arc<AtomicUsize>) -> Result<Self, Infallible> {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(Self)
    }
}

#[tokio::test]
async fn neither_body_nor_extractors_are_touched_before_the_rule_allows() {
    async fn create(_: Counted, _: State<Arc<AtomicUsize>>, _: Principal, _: Json<serde_json::Value>) {}
    let extracted = Arc::new(AtomicUsize::new(0));
    let routes = Routes::new()
        .route("/write", post(create).requires(scope("write")))
        .route("/read", post(create).requires(scope("read")))
        .with_state(Arc::clone(&extracted));
    let bench = Bench::new(routes);
    for (path, status, times) in [("/write", 403, 0), ("/read", 200, 1)] {
        let read = Arc::new(AtomicUsize::new(0));
        let request = bench.as_alice("POST", path).header("content-type", "application/json");
        let response = bench.send(request.body(Body::new(Watched(Arc::clone(&read)))).unwrap()).await;
        assert_eq!(response.status(), status);
        assert_eq!(read.load(Ordering::SeqCst) > 0, times > 0, "{path}");
        assert_eq!(extracted.load(Ordering::SeqCst), times, "{path}");
    }
}

#[tokio::test]
async fn a_public_route_looks_at_no_credential() {
    let bench = Bench::new(Routes::new().route("/health", get(async || "ok").public("probe")));
    let response = bench.call(request("GET", "/health").header("x-api-key", "nonsense")).await;
    assert_eq!((response.status().as_u16(), bench.last_reason()), (200, "-"));
    let event = bench.events.events().pop().unwrap();
    assert_eq!(event.decisions()[0].reason.code(), "public_route");
    assert!(event.principal().is_none());
}

#[tokio::test]
async fn the_caller_is_not_known_on_a_public_route_and_asking_is_a_mistake() {
    async fn who(_: Option<Principal>) {}
    let bench = Bench::new(Routes::new().route("/", get(who).public("a mistake")));
    let response = bench.call(bench.as_alice("GET", "/")).await;
    assert_eq!((response.status().as_u16(), bench.last_reason()), (500, "misconfigured"));
    assert!(problem(response).await.get("detail").is_none());
}

#[tokio::test]
async fn optional_lets_the_anonymous_in_but_never_hides_a_bad_credential() {
    async fn who(caller: Option<Principal>) -> String {
        caller.map_or("nobody".to_owned(), |caller| caller.subject().to_owned())
    }
    let open = anonymous().or(authenticated());
    let bench = Bench::new(Routes::new().route("/", get(who).requires(open).optional()));
    let nobody = bench.call(request("GET", "/")).await;
    assert_eq!(text(nobody).await, "nobody");
    let alice = bench.call(bench.as_alice("GET", "/")).await;
    assert_eq!(text(alice).await, "alice");
    let bad = bench.call(request("GET", "/").header("x-api-key", "test_bad")).await;
    assert_eq!(bad.status(), 401);
}

#[tokio::test]
async fn security_within_security_is_a_mistake_and_no_second_opinion() {
    let (security, key, events) = security();
    let security = security.build().unwrap();
    let inner = Routes::new().route("/x/inner", get(async || "in").requires(scope("read")));
    let inner = SecureRouter::new(security.clone()).mount(inner).finish().unwrap();
    let outer = Routes::new().service("/x", service(inner).requires(scope("read")));
    let outer = SecureRouter::new(security).mount(outer).finish().unwrap();
    let request = request("GET", "/x/inner").header(KEY, key.expose()).body(Body::empty()).unwrap();
    let response = outer.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(events.events().len(), 1);
    assert_eq!(events.events()[0].reason().unwrap().code(), "misconfigured");
}
