//! Decisions that nobody waits for.

use portcullis_core::{Awaited, Decision, Reason, Room, TrailEntry};
use serde_json::Value;

use super::*;
use crate::{JsonLines, OnFull, TracingSink};

/// Keeps what it is told of late decisions, and in which order with the events.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl AuditSink for Told {
    fn record(&self, event: &AuditEvent) -> Step<Result<(), SinkError>> {
        self.0.lock().unwrap().push(format!("event with {}", event.decisions().len()));
        Step::Done(Ok(()))
    }

    fn late(&self, event: &AuditEvent, decision: &TrailEntry) {
        assert!(!decision.enforced);
        self.0.lock().unwrap().push(format!("{} of {}", decision.reason.code(), event.path()));
    }
}

/// One that panics when it is told.
struct Panicking;

impl AuditSink for Panicking {
    fn record(&self, _: &AuditEvent) -> Step<Result<(), SinkError>> {
        Step::Done(Ok(()))
    }

    fn late(&self, _: &AuditEvent, _: &TrailEntry) {
        panic!("told late");
    }
}

fn denied() -> Decision {
    Decision::deny(Reason::PolicyDenied).because("not yours")
}

/// Serves a request whose handler awaits a decision, and hands that out.
async fn served(audit: &Audit, early: bool) -> Option<Awaited> {
    let awaited = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&awaited);
    let handler = service_fn(move |request: Request<()>| {
        let trail = Trail::of(request.extensions()).unwrap();
        trail.set_route("/documents/{id}".into());
        let decision = trail.awaits(Room::Rule).unwrap();
        if early {
            decision.note(denied())
        } else {
            *slot.lock().unwrap() = Some(decision)
        }
        async { Answer::Ok(Response::new(Bytes::new())) }
    });
    answer(audit, handler, get("/documents/7")).await.unwrap();
    awaited.lock().unwrap().take()
}

#[tokio::test]
async fn a_decision_that_comes_in_time_is_in_the_event_and_a_late_one_is_told_after_it() {
    let told = Told::default();
    let audit = Audit::builder().sink(Panicking).sink(told.clone()).build().unwrap();
    assert!(served(&audit, true).await.is_none());
    let late = served(&audit, false).await.unwrap();
    assert_eq!(*told.0.lock().unwrap(), ["event with 1", "event with 0"], "nobody has waited");
    late.note(denied());
    assert_eq!(told.0.lock().unwrap()[2..], ["policy_denied of /documents/7"]);
    assert_eq!((audit.recorded(), audit.lost()), (2, 1), "a panic of another sink is its failure alone");
    drop(served(&audit, false).await);
    assert_eq!(told.0.lock().unwrap().len(), 4, "what never comes is told to nobody");
}

#[tokio::test]
async fn a_late_decision_is_a_line_of_its_own() {
    let written = Written::default();
    let lines = JsonLines::to_writer(written.clone());
    let audit = Audit::builder().sink(lines).clock(Clock::new(FakeTime::new())).build().unwrap();
    served(&audit, false).await.unwrap().note(denied());
    audit.drain_blocking(Duration::from_secs(20)).unwrap();
    let lines: Vec<Value> = written.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [request, late] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&request["kind"], &late["kind"]), (&"request".into(), &"late_decision".into()));
    assert_eq!(request["request_id"], late["request_id"]);
    assert_eq!(late["route"], "/documents/{id}");
    assert_eq!(late["decisions"][0]["reason"], "policy_denied");
    assert_eq!(
        (&late["decisions"][0]["enforced"], request["decisions"].as_array().unwrap().len()),
        (&false.into(), 0)
    );
}

/// It takes no room that a request was promised, and no request is missing without it.
#[tokio::test]
async fn a_late_line_without_room_is_counted_and_leaves_no_gap() {
    let (written, clock) = (Written::default(), Clock::new(FakeTime::new()));
    let lines = JsonLines::to_writer(written.clone()).capacity(1).on_full(OnFull::Refuse);
    let audit = Audit::builder().sink(lines).clock(clock).build().unwrap();
    let late = served(&audit, false).await.unwrap();
    audit.drain_blocking(Duration::from_secs(20)).unwrap();
    let handler = {
        let late = Mutex::new(Some(late));
        service_fn(move |_: Request<()>| {
            // The only room is promised to this request.
            late.lock().unwrap().take().unwrap().note(denied());
            async { Answer::Ok(Response::new(Bytes::new())) }
        })
    };
    assert_eq!(answer(&audit, handler, get("/")).await.unwrap().status(), 200);
    audit.drain_blocking(Duration::from_secs(20)).unwrap();
    let text = written.text();
    assert_eq!((text.lines().count(), audit.lost()), (2, 1), "{text}");
    assert!(!text.contains("gap") && !text.contains("late_decision"), "{text}");
}

#[tokio::test]
async fn a_late_decision_is_an_event_of_tracing() {
    let log = Written::default();
    let subscriber =
        tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).without_time().finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let audit = Audit::builder().sink(TracingSink::new()).build().unwrap();
    served(&audit, false).await.unwrap().note(denied());
    let text = log.text();
    let late = text.lines().last().unwrap();
    assert!(late.starts_with(" INFO portcullis::audit: late decision request_id="), "{late}");
    assert!(late.ends_with("route=\"/documents/{id}\" decisions=rule:deny:policy_denied?"), "{late}");
}
