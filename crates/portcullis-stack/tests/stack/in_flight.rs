//! How many requests are served at once.

use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Method, Request, Response};
use portcullis_audit::{JsonLines, MemorySink};
use portcullis_core::{ConnectionFacts, Principal};
use portcullis_edge::Cors;
use portcullis_ratelimit::{
    DEFAULT_AT_ONCE, DEFAULT_TOTAL_AT_ONCE, MINUTE, Permit, attempted_user, by, client_ip, in_flight, per,
    principal,
};
use portcullis_stack::{RouteList, RoutePolicy, Security, SecurityBuilder};
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Bench, from_peer, request};

type Service = BoxCloneSyncService<Request<()>, Response<Bytes>, Infallible>;

/// A service with one route that never answers, one that does, and the events.
fn service(change: impl FnOnce(SecurityBuilder) -> SecurityBuilder) -> (Service, MemorySink) {
    let events = MemorySink::keeping(2_000);
    let security = change(Security::builder().audit(events.clone())).build().unwrap();
    let routes = RouteList::new().route(Method::GET, "/slow", "slow", RoutePolicy::public("slow")).route(
        Method::GET,
        "/fast",
        "fast",
        RoutePolicy::public("fast"),
    );
    let application = service_fn(async |request: Request<()>| {
        if request.uri().path() == "/slow" {
            pending::<()>().await;
        }
        Ok(Response::new(Bytes::from_static(b"done")))
    });
    (BoxCloneSyncService::new(security.protect(&routes, application).unwrap()), events)
}

fn get(path: &str, peer: &str) -> Request<()> {
    from_peer(request("GET", path), peer).body(()).unwrap()
}

/// A request that is in flight until it is dropped.
fn begin(service: &Service, peer: &str) -> impl Future<Output = Result<Response<Bytes>, Infallible>> + use<> {
    let mut call = Box::pin(service.clone().oneshot(get("/slow", peer)));
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    call
}

async fn fast(service: &Service, peer: &str) -> u16 {
    service.clone().oneshot(get("/fast", peer)).await.unwrap().status().as_u16()
}

/// Requests hold places in the queue of events while they are handled: those of one client never all of them.
#[tokio::test]
async fn slow_requests_reach_the_cap_before_they_fill_the_queue_of_events() {
    const _: () = assert!(JsonLines::DEFAULT_CAPACITY > DEFAULT_TOTAL_AT_ONCE as usize);

    let queue = || JsonLines::to_writer(std::io::sink()).capacity(5);
    let codes = async |cap: Option<_>| {
        let (service, events) = service(|security| {
            let security = security.audit(queue());
            match cap {
                Some(cap) => security.in_flight(cap),
                None => security.insecure_unlimited_in_flight(),
            }
        });
        // What another client is told while one has as many slow requests as it can have.
        let mut slow = Vec::new();
        let refused = loop {
            let mut call = Box::pin(service.clone().oneshot(get("/slow", "192.0.2.1")));
            match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => slow.push(call),
                Poll::Ready(answer) => break answer.unwrap().status().as_u16(),
            }
        };
        let others = fast(&service, "192.0.2.2").await;
        let told = events.events().first().and_then(|event| event.reason()).map(|reason| reason.code());
        (slow.len(), refused, told, others)
    };
    let capped = in_flight(client_ip()).at_most(3).total(4);
    assert_eq!(codes(Some(capped)).await, (3, 429, Some("in_flight_exceeded"), 200));
    // This is the gap that the cap closes.
    assert_eq!(codes(None).await, (5, 503, Some("audit_unavailable"), 503));
}

/// A21.4.
#[tokio::test]
async fn a_client_with_many_slow_requests_leaves_places_to_others() {
    let (service, events) = service(|security| security);
    let slow: Vec<_> = (0..DEFAULT_AT_ONCE).map(|_| begin(&service, "192.0.2.1")).collect();
    assert_eq!(fast(&service, "192.0.2.1").await, 429);
    assert_eq!(events.events().last().unwrap().reason().unwrap().code(), "in_flight_exceeded");
    assert_eq!(fast(&service, "192.0.2.2").await, 200);
    drop(slow);
    assert_eq!(fast(&service, "192.0.2.1").await, 200);
}

/// A21.4.
#[tokio::test]
async fn when_no_place_is_left_everybody_is_told_to_come_back() {
    let (service, events) = service(|security| security.in_flight(in_flight(client_ip()).total(2)));
    let slow = [begin(&service, "192.0.2.1"), begin(&service, "192.0.2.2")];
    let refused = service.clone().oneshot(get("/fast", "192.0.2.3")).await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].as_bytes()), (503, &b"1"[..]));
    assert_eq!(events.events().last().unwrap().reason().unwrap().code(), "capacity_exhausted");
    drop(slow);
    assert_eq!(fast(&service, "192.0.2.3").await, 200);
}

#[tokio::test]
async fn who_finds_no_place_is_counted_by_no_quota() {
    let limit = per(client_ip()).requests(2).every(MINUTE);
    let (service, _) = service(|security| security.limit(limit).in_flight(in_flight(client_ip()).at_most(1)));
    let slow = begin(&service, "192.0.2.1");
    for _ in 0..10 {
        let refused = service.clone().oneshot(get("/fast", "192.0.2.1")).await.unwrap();
        assert_eq!(refused.headers()["ratelimit"], r#""in-flight";r=0"#);
    }
    drop(slow);
    assert_eq!([fast(&service, "192.0.2.1").await, fast(&service, "192.0.2.1").await], [200, 429]);
    // Nor does a refusal by a quota keep a place.
    assert_eq!([fast(&service, "192.0.2.1").await, fast(&service, "192.0.2.1").await], [429, 429]);
}

#[tokio::test]
async fn a_preflight_needs_no_place() {
    let cap = in_flight(client_ip()).at_most(1);
    let (service, _) =
        service(|security| security.in_flight(cap).cors(Cors::allow("https://app.example.com")));
    let _slow = begin(&service, "192.0.2.1");
    let preflight = from_peer(request("OPTIONS", "/fast"), "192.0.2.1")
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "GET");
    assert_eq!(service.clone().oneshot(preflight.body(()).unwrap()).await.unwrap().status(), 204);
    assert_eq!(fast(&service, "192.0.2.1").await, 429);
}

#[tokio::test]
async fn the_cap_can_be_given_up_by_name() {
    let (service, _) = service(SecurityBuilder::insecure_unlimited_in_flight);
    let _slow: Vec<_> = (0..=DEFAULT_AT_ONCE).map(|_| begin(&service, "192.0.2.1")).collect();
    assert_eq!(fast(&service, "192.0.2.1").await, 200);
}

/// A place is given back by whoever gets to know of the end: refusals and routes without a body too.
#[tokio::test]
async fn no_answer_keeps_a_place() {
    let bench = Bench::new(|security| security.in_flight(in_flight(client_ip()).at_most(1).total(1)));
    for (path, status) in [("/health", 200), ("/nowhere", 404), ("/notes/1", 401), ("/health", 200)] {
        let answer = bench.call(from_peer(request("GET", path), "192.0.2.1")).await;
        assert_eq!(answer.status(), status, "{path}");
    }
}

/// A body that can hold a place.
#[derive(Debug)]
struct Held(Option<Permit>);

impl From<Bytes> for Held {
    fn from(_: Bytes) -> Self {
        Self(None)
    }
}

#[tokio::test]
async fn a_server_that_knows_its_bodies_holds_the_place_to_their_end() {
    let cap = in_flight(client_ip()).at_most(1);
    let security = Security::builder().insecure_no_audit().in_flight(cap).build().unwrap();
    let layer = security.outer_layer().with_held_bodies(|_: Held, permit| Held(Some(permit)));
    let service =
        layer.layer(service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Held(None))))));
    let call = || {
        let facts = ConnectionFacts::plain("192.0.2.1:1".parse().unwrap());
        let request = Request::get("/").header("host", "api.example.com").extension(facts).body(()).unwrap();
        service.clone().oneshot(request)
    };
    let first = call().await.unwrap();
    assert!(first.body().0.is_some());
    assert_eq!((first.status().as_u16(), call().await.unwrap().status().as_u16()), (200, 429));
    drop(first);
    assert_eq!(call().await.unwrap().status(), 200);
}

#[track_caller]
fn check(change: impl FnOnce(SecurityBuilder) -> SecurityBuilder, codes: &[&str]) {
    let errors = change(Security::builder().insecure_no_audit()).build().err();
    assert_eq!(errors.map(|errors| errors.codes().collect::<Vec<_>>()).unwrap_or_default(), codes);
}

#[test]
fn a_cap_that_cannot_be_kept_is_reported() {
    check(|security| security.in_flight(in_flight(client_ip()).at_most(0)), &["P301"]);
    // Nobody knows who calls where the cap stands.
    check(|security| security.in_flight(in_flight(principal())), &["P303"]);
    check(|security| security.in_flight(in_flight(attempted_user())), &["P303"]);
    let tenant =
        || by("tenant", |request| request.principal().and_then(Principal::tenant).map(str::to_owned));
    check(|security| security.in_flight(in_flight(tenant())), &["P303"]);
    check(|security| security.in_flight(in_flight(tenant().before_authentication())), &[]);
    let limit = || per(client_ip()).requests(5).every(MINUTE);
    check(|security| security.limit(limit().named("in-flight")), &["P305"]);
    check(|security| security.limit(limit()).in_flight(in_flight(client_ip()).named("client-ip")), &["P305"]);
}
