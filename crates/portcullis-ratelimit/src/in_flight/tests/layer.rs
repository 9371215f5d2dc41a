use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use portcullis_core::ConnectionFacts;
use tower::{Layer, ServiceExt, service_fn};

use super::{limiter, permit};
use crate::in_flight::{
    HeldBody, HoldFuture, InFlightLayer, InFlightLimiter, Permit, RELEASED_WITH_HEAD, ReleaseWithHead,
};
use crate::tests::{FakeTime, all, five_a_minute};
use crate::{RateLimitLayer, client_ip, in_flight};

/// A body of these frames that claims to be so long.
#[derive(Debug)]
struct Frames {
    frames: VecDeque<Result<Bytes, &'static str>>,
    octets: Option<u64>,
}

impl Frames {
    fn endless(frames: impl IntoIterator<Item = Result<&'static str, &'static str>>) -> Self {
        let frames = frames.into_iter().map(|frame| frame.map(Bytes::from)).collect();
        Self { frames, octets: None }
    }

    fn of_length(octets: u64) -> Self {
        Self { octets: Some(octets), ..Self::endless([Ok("a")]) }
    }
}

impl From<Bytes> for Frames {
    fn from(bytes: Bytes) -> Self {
        Self { octets: Some(bytes.len() as u64), frames: VecDeque::from([Ok(bytes)]) }
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.frames.pop_front().map(|frame| frame.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.octets == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.octets.map(SizeHint::with_exact).unwrap_or_default()
    }
}

fn connected() -> Request<()> {
    let mut request = Request::new(());
    request.extensions_mut().insert(ConnectionFacts::plain("192.0.2.1:50000".parse().unwrap()));
    request
}

/// The answer behind a cap of one request in flight.
async fn answer(limiter: &InFlightLimiter, body: Frames) -> Response<HeldBody<Frames>> {
    let mut body = Some(body);
    let inner =
        service_fn(move |_: Request<()>| ready(Ok::<_, Infallible>(Response::new(body.take().unwrap()))));
    InFlightLayer::of(limiter.clone()).layer(inner).oneshot(connected()).await.unwrap()
}

/// A21.4: slow readers are what a cap is for.
#[tokio::test]
async fn a_place_is_held_until_the_body_is_read_to_its_end() {
    let limiter = limiter(1, 10);
    let mut response = answer(&limiter, Frames::endless([Ok("a"), Ok("b")])).await;
    for frame in ["a", "b"] {
        assert_eq!(response.frame().await.unwrap().unwrap().into_data().unwrap(), frame);
        assert!(permit(&limiter, "192.0.2.1").is_err());
    }
    assert!(response.frame().await.is_none());
    assert!(permit(&limiter, "192.0.2.1").is_ok());
}

#[tokio::test]
async fn a_place_is_free_when_the_body_fails_or_is_dropped() {
    let limiter = limiter(1, 10);
    let mut response = answer(&limiter, Frames::endless([Err("broken"), Ok("never")])).await;
    assert!(permit(&limiter, "192.0.2.1").is_err());
    assert_eq!(response.frame().await.unwrap().unwrap_err(), "broken");
    assert!(permit(&limiter, "192.0.2.1").is_ok());

    let response = answer(&limiter, Frames::endless([])).await;
    assert!(permit(&limiter, "192.0.2.1").is_err());
    drop(response);
    assert!(permit(&limiter, "192.0.2.1").is_ok());
}

#[tokio::test]
async fn a_body_that_no_client_can_keep_open_needs_no_place() {
    let limiter = limiter(1, 10);
    for (octets, free) in [(0, true), (RELEASED_WITH_HEAD, true), (RELEASED_WITH_HEAD + 1, false)] {
        let response = answer(&limiter, Frames::of_length(octets)).await;
        assert_eq!(permit(&limiter, "192.0.2.1").is_ok(), free, "{octets} octets");
        assert_eq!(response.body().size_hint().exact(), Some(octets));
        assert_eq!(response.body().is_end_stream(), octets == 0);
    }
}

#[tokio::test]
async fn a_place_is_free_when_the_service_fails_panics_or_the_caller_goes_away() {
    let limiter = limiter(1, 10);
    let layer = InFlightLayer::of(limiter.clone());
    let failing = layer.layer(service_fn(async |_: Request<()>| Err::<Response<Frames>, _>("failed")));
    assert!(failing.oneshot(connected()).await.is_err());
    assert_eq!(limiter.serving(), 0);

    let panicking = layer.layer(service_fn(async |_: Request<()>| -> Result<Response<Frames>, Infallible> {
        panic!("a handler's own")
    }));
    assert!(tokio::spawn(panicking.oneshot(connected())).await.unwrap_err().is_panic());
    assert_eq!(limiter.serving(), 0);

    let slow = layer.layer(service_fn(|_: Request<()>| pending::<Result<Response<Frames>, Infallible>>()));
    let mut call = Box::pin(slow.oneshot(connected()));
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(permit(&limiter, "192.0.2.1").is_err());
    drop(call);
    assert!(permit(&limiter, "192.0.2.1").is_ok());
}

/// A21.4: 429 for who holds too much, 503 for everybody else.
#[tokio::test]
async fn a_refusal_does_not_call_the_service() {
    let limiter = limiter(1, 1);
    let held = permit(&limiter, "192.0.2.1").unwrap();
    let mut response = answer(&limiter, Frames::from(Bytes::from_static(b"never"))).await;
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (429, &b"1"[..]));
    assert_eq!(all(response.headers(), "ratelimit"), [r#""in-flight";r=0"#]);
    let problem = response.frame().await.unwrap().unwrap().into_data().unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&problem).unwrap();
    assert_eq!(problem["violated-policies"], serde_json::json!(["in-flight"]));

    drop(held);
    let _other = permit(&limiter, "192.0.2.2").unwrap();
    let response = answer(&limiter, Frames::from(Bytes::from_static(b"never"))).await;
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, &b"1"[..]));
    let mut problem = response.into_body();
    let problem = problem.frame().await.unwrap().unwrap().into_data().unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&problem).unwrap();
    // draft-ietf-httpapi-ratelimit-headers §5.
    let reduced = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";
    assert_eq!(problem["type"], reduced);
}

#[tokio::test]
async fn a_refused_head_request_has_no_body() {
    let limiter = limiter(1, 10);
    let _held = permit(&limiter, "192.0.2.1").unwrap();
    let mut request = connected();
    *request.method_mut() = Method::HEAD;
    let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Frames::endless([]))));
    let refused = InFlightLayer::of(limiter).layer(inner).oneshot(request).await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.body().is_end_stream()), (429, true));
}

#[tokio::test]
async fn a_cap_and_a_limit_stand_beside_each_other() {
    let cap = InFlightLayer::new(&in_flight(client_ip()).at_most(1)).unwrap();
    let limit = RateLimitLayer::with_clock(&[five_a_minute()], &FakeTime::new().clock()).unwrap();
    let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Frames::endless([]))));
    let service = cap.layer(limit.layer(inner));
    let served = service.clone().oneshot(connected()).await.unwrap();
    assert_eq!(all(served.headers(), "ratelimit"), [r#""client-ip";r=4;t=12"#]);
    let refused = service.clone().oneshot(connected()).await.unwrap();
    assert_eq!(all(refused.headers(), "ratelimit"), [r#""in-flight";r=0"#]);
    drop(served);
    let served = service.oneshot(connected()).await.unwrap();
    assert_eq!(
        all(served.headers(), "ratelimit"),
        [r#""client-ip";r=3;t=12"#],
        "the refused one took nothing"
    );
}

/// Where the type of a body cannot change, as within a composite.
#[tokio::test]
async fn a_future_holds_a_place_and_leaves_it_to_whoever_knows_the_body() {
    let limiter = limiter(1, 10);
    let taken = || Some(permit(&limiter, "192.0.2.1").unwrap());
    let endless = || ready(Ok::<_, Infallible>(Response::new(Frames::endless([]))));

    let future = HoldFuture::new(endless(), taken(), ReleaseWithHead);
    assert!(permit(&limiter, "192.0.2.1").is_err());
    let _response = future.await.unwrap();
    assert!(permit(&limiter, "192.0.2.1").is_ok());

    let kept = std::sync::Mutex::new(None);
    let keep = |body: Frames, permit: Permit| {
        *kept.lock().unwrap() = Some(permit);
        body
    };
    HoldFuture::new(endless(), taken(), keep).await.unwrap();
    assert!(permit(&limiter, "192.0.2.1").is_err());
    drop(kept.lock().unwrap().take());
    assert!(permit(&limiter, "192.0.2.1").is_ok());

    let mut dropped =
        HoldFuture::new(pending::<Result<Response<Frames>, Infallible>>(), taken(), ReleaseWithHead);
    assert!(pin!(&mut dropped).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(dropped);
    assert!(permit(&limiter, "192.0.2.1").is_ok());
    HoldFuture::new(ready(Err::<Response<Frames>, _>("failed")), taken(), ReleaseWithHead)
        .await
        .err()
        .unwrap();
    assert!(permit(&limiter, "192.0.2.1").is_ok());
}

#[test]
fn the_layer_and_the_limiter_can_be_sent_and_shared() {
    fn assert_send_sync<T: Send + Sync + Clone>() {}
    assert_send_sync::<InFlightLayer>();
    assert_send_sync::<InFlightLimiter>();
}
