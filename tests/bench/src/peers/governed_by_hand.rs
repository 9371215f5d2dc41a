//! governor's check of the client's address and the two fields that tell of it, written out around the router: a
//! yardstick for a limit with fields. Nothing is noted, nobody is told, and there is one limit.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use governor::clock::DefaultClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use portcullis::core::ConnectionFacts;
use portcullis_testkit::Algorithm;
use tower::Service;

use crate::cases::{Entry, router};
use crate::drive::{Template, calls};
use crate::tokens::bearer;

pub(super) const CASES: &[Entry] = &[
    ("governor by hand, limit fields around", || by_hand(Duration::from_nanos(1), 1_000_000_000)),
    ("governor by hand, limit fields around in a hurry", || {
        by_hand(Duration::from_secs(24 * 60 * 60) / 1_000_000, 1_000_000)
    }),
];

type Limiter = RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;

#[derive(Clone)]
struct Limited<S> {
    inner: S,
    limit: Arc<Limit>,
}

struct Limit {
    limiter: Limiter,
    policy: HeaderValue,
    /// What a client in no hurry is told each time.
    full: (u32, HeaderValue),
}

static RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
static RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

fn by_hand(period: Duration, burst: u32) -> crate::Case {
    let most = NonZeroU32::new(burst).expect("a burst");
    let quota = Quota::with_period(period).expect("a period").allow_burst(most);
    let limiter = RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>();
    let window = (period * burst).as_secs().max(1);
    let policy = lasting(format!("\"client-ip\";q={burst};w={window}"));
    let full = (burst - 1, lasting(text(burst - 1)));
    let limit = Limit { limiter, policy, full };
    let service = Limited { inner: router(), limit: Arc::new(limit) };
    calls(service, &Template::with(&bearer(Algorithm::Es256)).with_facts(), StatusCode::OK)
}

/// Each of the quotas has one more request within the next second.
fn text(left: u32) -> String {
    format!("\"client-ip\";r={left};t=1")
}

fn told(left: u32) -> HeaderValue {
    HeaderValue::try_from(text(left)).expect("visible octets")
}

/// What is cloned without being counted.
fn lasting(text: String) -> HeaderValue {
    HeaderValue::from_static(text.leak())
}

impl<S> Service<Request<Body>> for Limited<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let limit = &*self.limit;
        let peer = request.extensions().get::<ConnectionFacts>().and_then(|facts| facts.peer);
        let within = peer.and_then(|peer| limit.limiter.check_key(&peer.ip()).ok());
        let left = within.map(|state| state.remaining_burst_capacity());
        let rate_limit = match left {
            Some(left) if left == limit.full.0 => limit.full.1.clone(),
            left => told(left.unwrap_or(0)),
        };
        let fields = Some((limit.policy.clone(), rate_limit));
        Answer { inner: left.map(|_| self.inner.call(request)), fields }
    }
}

struct Answer<F> {
    /// `None` where the client has no request left.
    inner: Option<F>,
    fields: Option<(HeaderValue, HeaderValue)>,
}

impl<F> Future for Answer<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>> + Unpin,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut response = match &mut this.inner {
            Some(future) => {
                let Ok(response) = ready!(Pin::new(future).poll(cx));
                response
            }
            None => refusal(),
        };
        if let Some((policy, rate_limit)) = this.fields.take() {
            response.headers_mut().append(RATELIMIT_POLICY.clone(), policy);
            response.headers_mut().append(RATELIMIT.clone(), rate_limit);
        }
        Poll::Ready(Ok(response))
    }
}

fn refusal() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
