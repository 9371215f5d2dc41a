//! The layer from outside: each outcome, one event each.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use portcullis_core::{Clock, RequestLine, Step, TimeSource, Trail};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::event::{Answer as Ended, Target};
use crate::{Audit, AuditEvent, AuditLayer, AuditService, AuditSink, MemorySink, Outcome, SinkError};

mod late;
mod lines;
mod log;
mod outcomes;
mod reuse;
mod secrets;
mod sureness;

pub(crate) use self::secrets::Written;

/// A clock that moves by hand, from 2026-10-01T12:00:00Z.
#[derive(Clone)]
pub(crate) struct FakeTime {
    start: Instant,
    millis: Arc<AtomicU64>,
}

impl FakeTime {
    #[expect(clippy::disallowed_methods, reason = "an Instant can be made by no other means")]
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), millis: Arc::default() }
    }

    pub(crate) fn advance(&self, millis: u64) {
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.millis.load(Ordering::Relaxed))
    }
}

impl TimeSource for FakeTime {
    fn wall(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_790_856_000) + self.elapsed()
    }

    fn monotonic(&self) -> Instant {
        self.start + self.elapsed()
    }
}

/// What a test handler gets and gives.
pub(crate) type Answer = Result<Response<Bytes>, Infallible>;

/// An audit that keeps its events.
pub(crate) fn audit() -> (Audit, MemorySink) {
    let memory = MemorySink::default();
    let audit = Audit::builder().sink(memory.clone()).clock(Clock::new(FakeTime::new())).build().unwrap();
    (audit, memory)
}

/// The one event that there is.
#[track_caller]
pub(crate) fn only(memory: &MemorySink) -> AuditEvent {
    let events = memory.events();
    assert_eq!(events.len(), 1, "{events:?}");
    events.into_iter().next().unwrap()
}

/// An event of its own, of a request to that path.
pub(crate) fn event(number: usize) -> AuditEvent {
    let trail = Trail::open(&Clock::new(FakeTime::new()));
    let request = get(&format!("/{number}"));
    let target = Target { line: RequestLine::of(request.method(), request.uri()), peer: None };
    let ended = trail.clock().monotonic();
    AuditEvent::new(
        trail,
        Some(Box::new(target)),
        Ended { outcome: Outcome::Answered, status: None, reason: None, cause: None, ended, route: None },
    )
}

pub(crate) fn get(path: &str) -> Request<()> {
    Request::get(path).body(()).unwrap()
}

/// Runs one request through the layer around a handler.
pub(crate) async fn answer<S, E>(audit: &Audit, inner: S, request: Request<()>) -> Result<Response<Bytes>, E>
where
    S: Service<Request<()>, Response = Response<Bytes>, Error = E>,
{
    AuditLayer::new(audit.clone()).layer(inner).oneshot(request).await
}

/// Polls a future once and drops it.
pub(crate) fn poll_once<T: Future>(future: T) {
    let mut future = pin!(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}
