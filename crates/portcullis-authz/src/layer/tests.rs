use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use portcullis_core::{Decision, Reason, RefusedRequest, Rendered, Room, TimeSource, Trail};
use tower::{Service, ServiceExt};

use super::*;
use crate::test_support::{Who, known, noted, request};
use crate::{any_scope, role, rule_fn, scope};

/// Counts its calls when it is called, not when its future runs.
#[derive(Clone, Default)]
struct Inner(Arc<AtomicU32>);

impl<B> Service<Request<B>> for Inner {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.0.fetch_add(1, Ordering::SeqCst);
        let mut response = Response::new(Full::new(Bytes::from_static(b"inner")));
        *response.extensions_mut() = request.into_parts().0.extensions;
        std::future::ready(Ok(response))
    }
}

#[track_caller]
fn status(layer: &AuthorizationLayer, who: &Who) -> (u16, u32) {
    let inner = Inner::default();
    let response = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(layer.layer(inner.clone()).oneshot(request(who)))
        .unwrap();
    (response.status().as_u16(), inner.0.load(Ordering::SeqCst))
}

/// Invariant 7.
#[test]
fn the_inner_service_is_called_only_after_the_decision_to_allow() {
    let layer = AuthorizationLayer::new(scope("a").and(!role("suspended"))).unwrap();
    assert_eq!(status(&layer, &known("a", &[])), (200, 1));
    assert_eq!(status(&layer, &known("b", &[])), (403, 0));
    assert_eq!(status(&layer, &known("a", &["suspended"])), (403, 0));
    assert_eq!(status(&layer, &Who::Anonymous), (401, 0));
    assert_eq!(status(&layer, &Who::NotAsked), (500, 0));
}

#[test]
fn the_decision_comes_before_the_inner_service_is_called() {
    let inner = Inner::default();
    let calls = Arc::clone(&inner.0);
    let rule = rule_fn("first", move |_| {
        assert_eq!(calls.load(Ordering::SeqCst), 0);
        Decision::allow(Reason::PolicyAllowed)
    });
    let mut service = AuthorizationLayer::new(rule).unwrap().layer(inner.clone());
    drop(service.call(request(&known("", &[]))));
    assert_eq!(inner.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn refuses_where_no_layer_of_ours_stands_around_it() {
    let inner = Inner::default();
    let service = AuthorizationLayer::new(scope("a")).unwrap().layer(inner.clone());
    let response = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!((response.status().as_u16(), inner.0.load(Ordering::SeqCst)), (500, 0));
}

/// A21.5: the header fields by which some frameworks rewrite the method or the path change nothing.
#[tokio::test]
async fn override_fields_of_the_client_change_nothing() {
    let layer = AuthorizationLayer::new(scope("a")).unwrap();
    for field in ["x-http-method-override", "x-original-url", "x-rewrite-url", "x-forwarded-user", "x-scope"]
    {
        let mut request = request(&known("b", &[]));
        request.headers_mut().insert(field, HeaderValue::from_static("a"));
        let response = layer.layer(Inner::default()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 403, "{field}");
    }
}

#[tokio::test]
async fn a_shadow_forwards_and_says_what_it_would_have_refused() {
    for mode in [Mode::Shadow, Mode::Percent(0)] {
        let layer = AuthorizationLayer::new(scope("x")).unwrap().with_mode(mode);
        let request = request(&known("a", &[]));
        let trail = Trail::of(request.extensions()).unwrap().clone();
        let response = layer.layer(Inner::default()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let mut noted_in = Request::new(());
        noted_in.extensions_mut().insert(trail);
        let expected = "needs scope(x)".to_owned();
        assert_eq!(
            noted(&noted_in, Room::Rule),
            [(portcullis_core::Effect::Deny, Reason::InsufficientScope, false, expected)]
        );
    }
}

#[test]
fn a_rule_that_cannot_work_makes_no_layer() {
    let errors = AuthorizationLayer::new(scope("two words").or(any_scope([""; 0]))).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P206", "P204"]);
}

#[tokio::test]
async fn a_renderer_and_a_body_closure_shape_the_refusal() {
    let plain = |denial: &Denial, _: &RefusedRequest| {
        Rendered::new(HeaderValue::from_static("text/plain"), denial.kind().title())
    };
    let layer = AuthorizationLayer::new(scope("x"))
        .unwrap()
        .with_renderer(plain)
        .with_mode(Mode::Enforce)
        .with_body(|content: Bytes| Full::new(content));
    let service = layer.clone().layer(Inner::default());
    let response = service.oneshot(request(&known("a", &[]))).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert!(response.headers().contains_key("www-authenticate"));
    assert!(format!("{layer:?}").contains("Rule(scope(x))"));
}

#[tokio::test]
async fn the_clock_dates_the_trail_that_the_layer_opens() {
    struct Stopped(Instant);
    impl TimeSource for Stopped {
        fn wall(&self) -> SystemTime {
            UNIX_EPOCH + Duration::from_secs(5)
        }
        fn monotonic(&self) -> Instant {
            self.0
        }
    }
    let clock = Clock::new(Stopped(Clock::system().monotonic()));
    let layer = AuthorizationLayer::new(scope("x")).unwrap().with_clock(clock).with_mode(Mode::Shadow);
    let response = layer.layer(Inner::default()).oneshot(Request::new(())).await.unwrap();
    let trail = Trail::of(response.extensions()).unwrap();
    assert_eq!(trail.opened_at(), UNIX_EPOCH + Duration::from_secs(5));
}
