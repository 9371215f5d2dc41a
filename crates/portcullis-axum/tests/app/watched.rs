//! Handlers whose guard asks a decision point and does not enforce what it says.

use std::borrow::Cow;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use axum::extract::FromRef;
use portcullis_audit::{AuditEvent, AuditSink, SinkError};
use portcullis_authz::engine::{DecisionPoint, Describe, EnginePolicy, Question};
use portcullis_authz::{Absent, Load, Permit, Read, Resource, authenticated};
use portcullis_axum::{Routes, get};
use portcullis_core::{Decision, Mode, Reason, Room, Step, StoreError, TrailEntry};
use tokio::sync::watch;

use crate::support::{Bench, text};

struct Note(u32);

struct Notes;

impl Resource for Note {
    type Id = u32;
    type Store = Notes;
    type Rules = EnginePolicy<Slow>;
    const ABSENT: Absent<Self> = Absent::AskedAs(|id| Self(*id));
}

impl Load<Note> for Notes {
    async fn load(&self, id: &u32) -> Result<Option<Note>, StoreError> {
        Ok(Some(Note(*id)))
    }
}

impl Describe for Note {
    fn kind(&self) -> Cow<'_, str> {
        "note".into()
    }

    fn id(&self) -> Cow<'_, str> {
        self.0.to_string().into()
    }
}

/// Answers no, or fails, or panics, when it is told to.
#[derive(Clone)]
struct Slow(watch::Receiver<Option<Answer>>);

type Answer = fn() -> Decision;

impl DecisionPoint for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn decide(&self, _: &Question<'_>) -> Step<Decision> {
        let mut told = self.0.clone();
        Step::wait(async move {
            let answer = *told.wait_for(Option::is_some).await.unwrap();
            answer.unwrap()()
        })
    }
}

#[derive(Clone)]
struct State(EnginePolicy<Slow>);

impl FromRef<State> for Notes {
    fn from_ref(_: &State) -> Self {
        Self
    }
}

impl FromRef<State> for EnginePolicy<Slow> {
    fn from_ref(state: &State) -> Self {
        state.0.clone()
    }
}

/// Keeps the decisions that come after their events.
#[derive(Clone, Default)]
struct Late(Arc<Mutex<Vec<String>>>);

impl AuditSink for Late {
    fn record(&self, _: &AuditEvent) -> Step<Result<(), SinkError>> {
        Step::Done(Ok(()))
    }

    fn late(&self, event: &AuditEvent, decision: &TrailEntry) {
        assert!(decision.room == Room::Guard && !decision.enforced);
        let (route, detail) = (event.route().unwrap_or_default(), decision.detail.as_deref());
        self.0.lock().unwrap().push(format!("{route} {}", detail.unwrap_or_default()));
    }
}

/// Issue 4, point 5: never affects a response, not even if its own backend fails.
#[tokio::test]
async fn a_response_does_not_wait_for_the_engine_of_a_guard_in_the_shadow_and_what_it_says_is_told() {
    let answers: [(Answer, &str); 4] = [
        (|| Decision::allow(Reason::PolicyAllowed), "slow"),
        (|| Decision::deny(Reason::PolicyDenied), "policy_denied, slow"),
        (|| portcullis_authz::engine::unavailable("down"), "decision_point_unavailable, slow: down"),
        (|| panic!("an engine that panics"), "panicked, the policy panicked"),
    ];
    for (answer, said) in answers {
        let ((tell, told), late) = (watch::channel(None), Late::default());
        let state = State(EnginePolicy::new(Slow(told)).with_mode(Mode::Shadow));
        let show = async |note: Permit<Read, Note>| format!("note {}", note.0);
        let routes = Routes::new().route("/notes/{id}", get(show).requires(authenticated()));
        let bench = Bench::with(routes.with_state(state), |security| security.audit(late.clone()));
        let response = bench.call(bench.as_alice("GET", "/notes/7")).await;
        assert_eq!((response.status().as_u16(), &*text(response).await), (200, "note 7"));
        let in_event = || {
            let last = bench.events.events().pop().unwrap();
            last.decisions().into_iter().filter(|entry| entry.room == Room::Guard).count()
        };
        assert_eq!((in_event(), late.0.lock().unwrap().len()), (0, 0), "the question is still open");
        tell.send(Some(answer)).unwrap();
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        assert_eq!(*late.0.lock().unwrap(), [format!("/notes/{{id}} Read Note/7: {said}")]);
        // From now on it answers at once, and is in the event.
        assert_eq!(bench.call(bench.as_alice("GET", "/notes/8")).await.status(), 200);
        assert_eq!((in_event(), late.0.lock().unwrap().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_guard_that_is_enforced_waits_for_its_engine_and_refuses() {
    let (tell, told) = watch::channel::<Option<Answer>>(None);
    let state = State(EnginePolicy::new(Slow(told)).with_mode(Mode::Percent(100)));
    let show = async |_: Permit<Read, Note>| "note";
    let routes = Routes::new().route("/notes/{id}", get(show).requires(authenticated()));
    let bench = Bench::new(routes.with_state(state));
    let mut call = Box::pin(bench.call(bench.as_alice("GET", "/notes/7")));
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    tell.send(Some(|| Decision::deny(Reason::PolicyDenied))).unwrap();
    assert_eq!(call.await.status(), 404);
    assert_eq!(bench.last_reason(), "resource_hidden");
}
