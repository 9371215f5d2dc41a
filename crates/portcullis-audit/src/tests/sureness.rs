//! Sinks that have no room, fail, panic, or must be sure.

use http::HeaderValue;
use http::header::VARY;
use portcullis_core::{Denial, Placement, Reason};
use tokio::sync::oneshot;

use super::*;

/// A sink that does as it is told.
#[derive(Default)]
struct Told {
    full: bool,
    panics: bool,
    fails: bool,
    wait: Mutex<Option<oneshot::Receiver<Result<(), SinkError>>>>,
    taken: AtomicU64,
}

impl AuditSink for Told {
    fn reserve(&self) -> Result<(), SinkError> {
        if self.full { Err(SinkError::Full) } else { Ok(()) }
    }

    fn record(&self, _: &AuditEvent) -> Step<Result<(), SinkError>> {
        assert!(!self.full, "asked to record without room");
        assert!(!self.panics, "told to panic");
        self.taken.fetch_add(1, Ordering::Relaxed);
        match self.wait.lock().unwrap().take() {
            Some(wait) => Step::wait(async move { wait.await.expect("the confirmation panics") }),
            None => Step::Done(if self.fails { Err(SinkError::Failed) } else { Ok(()) }),
        }
    }
}

struct Bench {
    audit: Audit,
    memory: MemorySink,
    sink: Arc<Told>,
    handled: Arc<AtomicU64>,
}

impl Bench {
    fn new(sink: Told) -> Self {
        let (memory, sink) = (MemorySink::default(), Arc::new(sink));
        let audit = Audit::builder().sink(Arc::clone(&sink)).sink(memory.clone()).build().unwrap();
        Self { audit, memory, sink, handled: Arc::default() }
    }

    fn run(&self) -> impl Future<Output = Response<Bytes>> + Send + use<> {
        let handled = Arc::clone(&self.handled);
        let handler = service_fn(move |_: Request<()>| {
            handled.fetch_add(1, Ordering::Relaxed);
            async { Answer::Ok(Response::new(Bytes::new())) }
        });
        let service = AuditLayer::new(self.audit.clone()).layer(handler);
        async { service.oneshot(get("/")).await.unwrap() }
    }

    #[track_caller]
    fn check(&self, status: u16, response: &Response<Bytes>, handled: u64, recorded: u64, lost: u64) {
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().contains_key("retry-after"), status == 503);
        let reason = response.extensions().get::<Denial>().map(Denial::reason);
        assert_eq!(reason, (status == 503).then_some(Reason::AuditUnavailable));
        let counts = (self.handled.load(Ordering::Relaxed), self.audit.recorded(), self.audit.lost());
        assert_eq!(counts, (handled, recorded, lost));
    }
}

#[tokio::test]
async fn a_drain_asks_every_sink_and_needs_no_runtime() {
    struct Slow(Result<(), SinkError>, Mutex<Vec<Duration>>);
    impl AuditSink for Slow {
        fn record(&self, _: &AuditEvent) -> Step<Result<(), SinkError>> {
            Step::Done(Ok(()))
        }
        fn drain(&self, timeout: Duration) -> Result<(), SinkError> {
            self.1.lock().unwrap().push(timeout);
            self.0
        }
    }
    let sinks =
        [Ok(()), Err(SinkError::TimedOut), Ok(())].map(|result| Arc::new(Slow(result, Mutex::default())));
    let builder = sinks.iter().fold(Audit::builder(), |builder, sink| builder.sink(Arc::clone(sink)));
    let audit = builder.clock(Clock::new(FakeTime::new())).build().unwrap();
    let timeout = Duration::from_secs(7);
    assert_eq!(audit.drain(timeout).await, Err(SinkError::TimedOut));
    for sink in sinks {
        assert_eq!(*sink.1.lock().unwrap(), [timeout]);
    }
}

#[tokio::test]
async fn without_room_the_request_is_refused_before_it_is_handled() {
    let bench = Bench::new(Told { full: true, ..Told::default() });
    bench.check(503, &bench.run().await, 0, 0, 1);
    // The sink that has room records the refusal.
    let event = only(&bench.memory);
    assert_eq!((event.outcome(), event.reason()), (Outcome::Answered, Some(Reason::AuditUnavailable)));
    assert_eq!(bench.sink.taken.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn an_event_that_is_lost_against_the_will_of_its_sink_withholds_the_answer() {
    let bench = Bench::new(Told { fails: true, ..Told::default() });
    bench.check(503, &bench.run().await, 1, 0, 1);
    assert_eq!(bench.memory.events().len(), 1);
}

#[tokio::test]
async fn a_sink_that_panics_has_failed_and_harms_no_other() {
    let bench = Bench::new(Told { panics: true, ..Told::default() });
    bench.check(503, &bench.run().await, 1, 0, 1);
    assert_eq!(bench.memory.events().len(), 1);
}

#[tokio::test]
async fn the_answer_waits_for_a_sink_that_must_be_sure() {
    for (confirmation, status, lost) in [(Ok(()), 200, 0), (Err(SinkError::Failed), 503, 1)] {
        let (confirm, wait) = oneshot::channel();
        let bench = Bench::new(Told { wait: Mutex::new(Some(wait)), ..Told::default() });
        let mut answer = Box::pin(bench.run());
        assert!(answer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(bench.memory.events().len(), 1);
        confirm.send(confirmation).unwrap();
        bench.check(status, &answer.await, 1, 1, lost);
        assert_eq!(bench.memory.events().len(), 1);
    }
}

#[tokio::test]
async fn a_confirmation_that_panics_withholds_the_answer() {
    let (confirm, wait) = oneshot::channel();
    drop(confirm);
    let bench = Bench::new(Told { wait: Mutex::new(Some(wait)), ..Told::default() });
    bench.check(503, &bench.run().await, 1, 1, 1);
}

#[tokio::test]
async fn a_caller_that_leaves_during_the_confirmation_leaves_one_event() {
    let (_confirm, wait) = oneshot::channel();
    let bench = Bench::new(Told { wait: Mutex::new(Some(wait)), ..Told::default() });
    poll_once(bench.run());
    assert_eq!(only(&bench.memory).outcome(), Outcome::Answered);
    assert_eq!(bench.sink.taken.load(Ordering::Relaxed), 1);
}

#[test]
fn an_aborted_request_does_not_wait_for_the_confirmation() {
    let (_confirm, wait) = oneshot::channel();
    let bench = Bench::new(Told { wait: Mutex::new(Some(wait)), ..Told::default() });
    let handler = service_fn(async |_: Request<()>| -> Answer { pending().await });
    let mut service = AuditLayer::new(bench.audit.clone()).layer(handler);
    drop(service.call(get("/")));
    assert_eq!(only(&bench.memory).outcome(), Outcome::Aborted);
    assert_eq!(bench.sink.taken.load(Ordering::Relaxed), 1);
}

/// A page of another origin could not read a 503 without them.
#[tokio::test]
async fn an_answer_that_is_withheld_leaves_its_response_fields_to_the_refusal() {
    for waits in [false, true] {
        let (confirm, wait) = oneshot::channel();
        confirm.send(Err(SinkError::Failed)).unwrap();
        let sink = Told { fails: true, wait: Mutex::new(waits.then_some(wait)), ..Told::default() };
        let audit = Audit::builder().sink(sink).build().unwrap();
        let handler = service_fn(async |request: Request<()>| {
            let trail = Trail::of(request.extensions()).unwrap();
            trail.response_field(VARY, HeaderValue::from_static("Origin"), Placement::Append);
            Answer::Ok(Response::new(Bytes::new()))
        });
        let response = answer(&audit, handler, get("/")).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()[VARY]),
            (503, &HeaderValue::from_static("Origin"))
        );
    }
}
