use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{HeaderValue, VARY};
use http::{Request, Response};
use portcullis_core::{
    Clock, ConnectionFacts, Denial, Placement, Reason, RefusedRequest, Rendered, RequestView, Step, Trail,
};
use tokio::sync::oneshot;
use tower::Service as _;
use tower_layer::Layer;
use tower_test::mock;

use crate::{Decide, DecideLayer};

type Body = Bytes;

/// Answers what it was told, once, and leaves a response field.
struct Says(Mutex<Option<Step<Result<(), Denial>>>>);

impl Says {
    fn layer(step: Step<Result<(), Denial>>) -> DecideLayer<Self> {
        DecideLayer::new(Self(Mutex::new(Some(step))))
    }
}

impl Decide for Says {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        request.trail().response_field(VARY, HeaderValue::from_static("seen"), Placement::Append);
        self.0.lock().unwrap().take().unwrap()
    }
}

fn refusal() -> Result<(), Denial> {
    Err(Denial::new(Reason::PolicyDenied))
}

/// The status of the answer, and whether the inner service was called.
async fn call(layer: DecideLayer<Says>, request: Request<()>) -> (Response<Body>, bool) {
    let (mock, mut handle) = mock::pair::<Request<()>, Response<Body>>();
    let mut service = layer.layer(mock);
    handle.allow(1);
    std::future::poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
    let response = tokio::spawn(service.call(request));
    drop(service);
    let mut called = false;
    while let Some((_, send)) = handle.next_request().await {
        called = true;
        send.send_response(Response::new(Bytes::new()));
    }
    (response.await.unwrap().unwrap(), called)
}

#[tokio::test]
async fn forwards_what_is_allowed_and_refuses_what_is_not() {
    for (step, status) in [
        (Step::Done(Ok(())), 200),
        (Step::Done(refusal()), 403),
        (Step::wait(async { Ok(()) }), 200),
        (Step::wait(async { refusal() }), 403),
    ] {
        let (response, called) = call(Says::layer(step), Request::new(())).await;
        assert_eq!((response.status().as_u16(), called), (status, status == 200));
    }
}

#[tokio::test]
async fn whoever_opens_the_trail_applies_its_response_fields() {
    for allowed in [true, false] {
        let step = || Step::Done(if allowed { Ok(()) } else { refusal() });
        let (outermost, _) = call(Says::layer(step()), Request::new(())).await;
        assert_eq!(outermost.headers()[VARY], "seen");
        let mut request = Request::new(());
        Trail::ensure(request.extensions_mut(), &Clock::system());
        let (inside, _) = call(Says::layer(step()), request).await;
        assert!(!inside.headers().contains_key(VARY));
    }
}

/// A service that keeps to the letter of the contract: only the instance that was polled ready may be called.
struct Strict(bool);

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self(false)
    }
}

impl tower::Service<Request<()>> for Strict {
    type Response = Response<Body>;
    type Error = &'static str;
    type Future = std::future::Ready<Result<Response<Body>, &'static str>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), &'static str>> {
        self.0 = true;
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let ready = std::mem::take(&mut self.0);
        std::future::ready(if ready {
            Ok(Response::new(Bytes::new()))
        } else {
            Err("called before it was ready")
        })
    }
}

#[tokio::test]
async fn a_decision_that_waits_takes_the_ready_service_along() {
    let (decide, decided) = oneshot::channel();
    let mut service = Says::layer(Step::wait(async move { decided.await.unwrap() })).layer(Strict(false));
    std::future::poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
    let response = tokio::spawn(service.call(Request::new(())));
    decide.send(Ok(())).unwrap();
    assert_eq!(response.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_renderer_and_a_body_of_ones_own_are_used() {
    #[derive(Debug, PartialEq)]
    struct Own(Bytes);
    let renderer =
        |_: &Denial, _: &RefusedRequest| Rendered::new(HeaderValue::from_static("text/plain"), "no");
    let layer = Says::layer(Step::Done(refusal())).with_renderer(renderer).with_body(Own);
    let (mock, _handle) = mock::pair::<Request<()>, Response<Own>>();
    let mut service = layer.layer(mock);
    let response = service.call(Request::new(())).await.unwrap();
    assert_eq!((response.status().as_u16(), response.body()), (403, &Own(Bytes::from("no"))));
}

/// Invariant 8.
#[tokio::test]
async fn nothing_on_the_wire_makes_an_extension() {
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    struct Looks(Arc<Mutex<usize>>);
    impl Decide for Looks {
        fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
            let known = request.principal().is_some()
                || request.extensions().get::<ConnectionFacts>().is_some()
                || request.trail().resolved_client().is_some();
            *self.0.lock().unwrap() += usize::from(known);
            Step::Done(refusal())
        }
    }
    let (mock, _handle) = mock::pair::<Request<()>, Response<Body>>();
    let mut service = DecideLayer::new(Looks(count)).layer(mock);
    let request = Request::builder()
        .header("principal", "admin")
        .header("trail", "x")
        .header("x-forwarded-for", "192.0.2.1")
        .header("x-portcullis-principal", "admin");
    let _ = service.call(request.body(()).unwrap()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), 0);
}
