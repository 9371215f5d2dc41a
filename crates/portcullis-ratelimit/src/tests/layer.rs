use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response};
use portcullis_core::{ConnectionFacts, FromBytes, Trail};
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt, service_fn};

use super::{FakeTime, all, by_principal, five_a_minute, from};
use crate::{Limiters, MINUTE, RateLimitLayer, per, principal};

/// A service behind the layer, and how often it was called.
fn guarded(layer: &RateLimitLayer) -> (Guarded, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let inner = service_fn(move |_: Request<()>| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Infallible>(Response::new(Bytes::from_static(b"served"))) }
    });
    (BoxCloneService::new(layer.layer(inner)), calls)
}

type Guarded = BoxCloneService<Request<()>, Response<Bytes>, Infallible>;

/// A request as a server makes it: no Trail yet.
fn connected(peer: &str) -> Request<()> {
    let mut request = Request::new(());
    request.extensions_mut().insert(ConnectionFacts::plain(peer.parse().unwrap()));
    request
}

fn layer() -> RateLimitLayer {
    RateLimitLayer::with_clock(&[five_a_minute().burst(2)], &FakeTime::new().clock()).unwrap()
}

/// A11.10, A11.11, A11.12.
#[tokio::test]
async fn serves_within_the_quota_and_answers_429_beyond_it() {
    let (service, calls) = guarded(&layer());
    for left in ["\"client-ip\";r=1;t=12", "\"client-ip\";r=0;t=12"] {
        let response = service.clone().oneshot(connected("192.0.2.1:443")).await.unwrap();
        assert_eq!((response.status().as_u16(), all(response.headers(), "ratelimit")), (200, vec![left]));
        assert_eq!(all(response.headers(), "ratelimit-policy"), ["\"client-ip\";q=5;w=60"]);
    }
    let refused = service.clone().oneshot(connected("192.0.2.1:443")).await.unwrap();
    assert_eq!((refused.status().as_u16(), calls.load(Ordering::SeqCst)), (429, 2));
    assert_eq!(refused.headers()["retry-after"], "12");
    assert_eq!(refused.headers()["cache-control"], "no-store");
    assert_eq!(refused.headers()["ratelimit"], "\"client-ip\";r=0;t=12");
    let problem: serde_json::Value = serde_json::from_slice(refused.body()).unwrap();
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(problem["violated-policies"], serde_json::json!(["client-ip"]));

    let other = service.oneshot(connected("192.0.2.2:443")).await.unwrap();
    assert_eq!(other.status(), 200);
}

/// A11.13.
#[tokio::test]
async fn two_layers_append_to_the_fields() {
    let clock = FakeTime::new().clock();
    let inner = RateLimitLayer::with_clock(&[five_a_minute().named("inner")], &clock).unwrap();
    let outer = RateLimitLayer::with_clock(&[five_a_minute().named("outer").burst(3)], &clock).unwrap();
    let response = outer.layer(guarded(&inner).0).oneshot(connected("192.0.2.1:1")).await.unwrap();
    assert_eq!(all(response.headers(), "ratelimit"), ["\"outer\";r=2;t=12", "\"inner\";r=4;t=12"]);
}

#[tokio::test]
async fn a_limit_per_caller_before_authentication_is_misconfigured() {
    let limit = per(principal()).requests(1).every(MINUTE);
    let (service, calls) = guarded(&RateLimitLayer::new(limit).unwrap());
    let stray = service.clone().oneshot(from("192.0.2.1")).await.unwrap();
    assert_eq!((stray.status().as_u16(), calls.load(Ordering::SeqCst)), (500, 0));

    let known = service.clone().oneshot(by_principal("https://a.example", "alice")).await.unwrap();
    assert_eq!(known.status(), 200);

    let anonymous = from("192.0.2.1");
    Trail::of(anonymous.extensions()).unwrap().anonymous().unwrap();
    assert_eq!(service.oneshot(anonymous).await.unwrap().status(), 200);
}

#[tokio::test]
async fn clones_of_the_layer_and_the_service_share_the_quota() {
    let layer = layer();
    let (first, second) = (guarded(&layer.clone()).0, guarded(&layer).0);
    assert_eq!(first.clone().oneshot(connected("192.0.2.1:1")).await.unwrap().status(), 200);
    assert_eq!(second.oneshot(connected("192.0.2.1:1")).await.unwrap().status(), 200);
    assert_eq!(first.oneshot(connected("192.0.2.1:1")).await.unwrap().status(), 429);
}

#[tokio::test]
async fn limits_shared_with_a_layer_are_the_same_limits() {
    let clock = FakeTime::new().clock();
    let limiters = Limiters::build(&[five_a_minute().burst(1)], &clock).unwrap();
    let (service, _) = guarded(&RateLimitLayer::of(limiters.clone()).unwrap());
    let (twin, _) = guarded(&RateLimitLayer::of(limiters).unwrap());
    assert_eq!(service.oneshot(connected("192.0.2.1:1")).await.unwrap().status(), 200);
    assert_eq!(twin.oneshot(connected("192.0.2.1:1")).await.unwrap().status(), 429);
}

#[tokio::test]
async fn a_refused_head_request_has_the_fields_and_no_body() {
    let (service, _) = guarded(&layer());
    let head = || {
        let mut request = connected("192.0.2.1:1");
        *request.method_mut() = Method::HEAD;
        service.clone().oneshot(request)
    };
    head().await.unwrap();
    head().await.unwrap();
    let refused = head().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.body().len()), (429, 0));
    assert!(refused.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn the_body_of_a_refusal_can_be_of_any_type() {
    let layer = layer().with_body(|bytes: Bytes| bytes.len());
    let inner = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(0_usize)) });
    let service = layer.layer(inner);
    for _ in 0..2 {
        assert_eq!(*service.clone().oneshot(connected("192.0.2.1:1")).await.unwrap().body(), 0);
    }
    assert!(*service.oneshot(connected("192.0.2.1:1")).await.unwrap().body() > 0);
}

#[test]
fn layer_and_limiters_can_be_sent_and_shared() {
    fn assert_send_sync<T: Send + Sync + Clone>() {}
    assert_send_sync::<RateLimitLayer<FromBytes>>();
    assert_send_sync::<Limiters>();
    assert_send_sync::<crate::Limit>();
}
