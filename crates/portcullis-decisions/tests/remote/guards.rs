//! Guards that ask an engine about what they loaded, and about what does not exist.

use std::borrow::Cow;
use std::time::Duration;

use http::Request;
use portcullis_authz::engine::{Describe, EnginePolicy, Question};
use portcullis_authz::{Absent, Guard, Load, Read, Resource};
use portcullis_core::{Clock, Denial, Mode, Reason, RequestView, StoreError, Trail};
use portcullis_decisions::{AuthZen, FAILURES, RemoteDecisionPoint};
use portcullis_testkit::FakeClock;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::{Engine, Reply, alice, http};

struct Document;

impl Describe for Document {
    fn kind(&self) -> Cow<'_, str> {
        "document".into()
    }

    fn id(&self) -> Cow<'_, str> {
        "1".into()
    }
}

fn point(engine: &Engine, calls: usize, waiters: usize) -> RemoteDecisionPoint {
    let settings = AuthZen::at(&*engine.url).deadline(Duration::from_secs(30)).with_client(http());
    settings.max_calls(calls).max_waiters(waiters).build(&Clock::system()).unwrap()
}

/// A request that went through a guard, and is over.
struct Over {
    trail: Trail,
    late: UnboundedReceiver<Reason>,
}

impl Over {
    fn noted(&self) -> Vec<(Reason, bool)> {
        self.trail.read(|state| state.entries.iter().map(|entry| (entry.reason, entry.enforced)).collect())
    }
}

async fn guarded(point: &RemoteDecisionPoint, mode: Mode) -> Result<Over, Denial> {
    let mut request = Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice()).unwrap();
    let view = RequestView::of(&request)?;
    let policy = EnginePolicy::new(point.clone()).with_mode(mode);
    let guard = Guard::new(&policy).with_decision_deadline(Duration::from_secs(60));
    let _ = guard.check_async::<Read, _>(&view, Document).await?;
    let (tell, late) = unbounded_channel();
    let trail = view.trail().clone();
    if trail.finish(None).awaits {
        trail.tell_late(move |entry| {
            let _ = tell.send(entry.reason);
        });
    }
    Ok(Over { trail, late })
}

#[tokio::test]
async fn guards_that_do_not_enforce_go_on_while_the_engine_is_asked_and_leave_half_of_it_to_those_that_do() {
    for watching in [Mode::Shadow, Mode::Percent(0)] {
        for (calls, seats) in [(64, 4), (4, 64)] {
            let engine = Engine::saying(false).await;
            engine.hold();
            let point = point(&engine, calls, seats);
            let mut watched = Vec::new();
            for _ in 0..40 {
                watched.push(guarded(&point, watching).await.unwrap());
            }
            let refused = watched.iter().filter(|over| !over.noted().is_empty());
            assert!(refused.clone().all(|over| over.noted() == [(Reason::DecisionPointUnavailable, false)]));
            assert_eq!(refused.count(), 40 - seats / 2);
            engine.wait_for_calls(2).await;

            let enforced = tokio::spawn(async move { guarded(&point, Mode::Percent(100)).await.map(drop) });
            engine.wait_for_calls(3).await;
            assert!(!enforced.is_finished(), "it waits");
            engine.release();
            assert_eq!(enforced.await.unwrap().unwrap_err().status(), 403);
            for mut over in watched.into_iter().filter(|over| over.noted().is_empty()) {
                assert_eq!(over.late.recv().await, Some(Reason::PolicyDenied), "it is told late");
            }
        }
    }
}

#[tokio::test]
async fn whatever_the_engine_says_or_fails_to_say_changes_nothing_for_a_guard_in_the_shadow() {
    let engine = Engine::saying(true).await;
    let point = point(&engine, 64, 64);
    let said = |status, body| Reply::json(status, &body);
    for (reply, reason) in [
        (said(200, json!({ "decision": true })), Reason::PolicyAllowed),
        (said(200, json!({ "decision": false })), Reason::PolicyDenied),
        (said(200, json!({})), Reason::DecisionPointUnavailable),
        (said(400, json!({})), Reason::DecisionPointUnavailable),
        (said(500, json!({})), Reason::DecisionPointUnavailable),
    ] {
        engine.answer_with(reply);
        let mut over = guarded(&point, Mode::Shadow).await.unwrap();
        assert_eq!(over.late.recv().await, Some(reason));
    }
    engine.cut(2);
    let mut over = guarded(&point, Mode::Shadow).await.unwrap();
    assert_eq!(over.late.recv().await, Some(Reason::DecisionPointUnavailable));
}

/// Page 1 is there.
struct Page(u32);
struct Pages;

impl Resource for Page {
    type Id = u32;
    type Store = Pages;
    type Rules = EnginePolicy<RemoteDecisionPoint>;
    const ABSENT: Absent<Self> = Absent::AskedAs(|id| Self(*id));
}

impl Load<Page> for Pages {
    async fn load(&self, id: &u32) -> Result<Option<Page>, StoreError> {
        Ok((*id == 1).then_some(Page(1)))
    }
}

impl Describe for Page {
    fn kind(&self) -> Cow<'_, str> {
        "page".into()
    }

    fn id(&self) -> Cow<'_, str> {
        self.0.to_string().into()
    }
}

async fn turn(point: &RemoteDecisionPoint, id: &str) -> Denial {
    let mut request = Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice()).unwrap();
    let (view, policy) = (RequestView::of(&request).unwrap(), EnginePolicy::new(point.clone()));
    let permit = Guard::new(&policy).load_and_authorize::<Read, Page>(&view, &Pages, id).await;
    permit.map(drop).unwrap_err()
}

/// A21.1: by what the engine sees nobody can tell them apart, and so by the time it takes.
#[tokio::test]
async fn the_engine_is_asked_once_for_what_is_hidden_and_once_for_what_does_not_exist() {
    let engine = Engine::saying(false).await;
    let point = point(&engine, 64, 64);
    for (id, reason) in [("1", Reason::ResourceHidden), ("2", Reason::ResourceNotFound)] {
        let calls = engine.calls();
        assert_eq!(turn(&point, id).await.reason(), reason);
        let asked = engine.asked().split_off(calls);
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].body["resource"], json!({ "type": "page", "id": id }));
        assert!(
            asked[0].headers.contains_key("x-request-id"),
            "the engine's log can be read beside the event"
        );
    }
    // Nor by what it would allow.
    engine.answer_with(Reply::json(200, &json!({ "decision": true })));
    assert_eq!(turn(&point, "2").await.reason(), Reason::ResourceNotFound);
}

#[tokio::test]
async fn an_engine_that_is_down_is_503_for_both_and_left_alone_for_both() {
    let engine = Engine::saying(false).await;
    engine.answer_with(Reply::json(503, &json!({})));
    // After as many failures of the one as of the other.
    for asked in ["1", "2"] {
        let point = point(&engine, 64, 64);
        for _ in 0..FAILURES {
            let denial = turn(&point, asked).await;
            assert_eq!((denial.status().as_u16(), denial.reason()), (503, Reason::DecisionPointUnavailable));
        }
        let calls = engine.calls();
        for id in ["1", "2"] {
            assert_eq!(turn(&point, id).await.status(), 503);
        }
        assert_eq!(engine.calls(), calls, "nobody asks it now");
    }
}

/// Clients choose what does not exist: whoever finds what the engine chokes on must not have it left alone for everybody.
#[tokio::test]
async fn an_engine_that_knows_no_such_resource_is_not_left_alone() {
    let engine = Engine::saying(false).await;
    let point = point(&engine, 64, 64);
    // Of what exists it is not left alone either: that would tell.
    for (calls, (status, id)) in
        (1..).zip([(404, "2"), (500, "2"), (404, "1"), (500, "1")].repeat(FAILURES as usize))
    {
        engine.answer_with(Reply::json(status, &json!({})));
        assert_eq!((turn(&point, id).await.status().as_u16(), engine.calls()), (503, calls));
    }
    engine.answer_with(Reply::json(200, &json!({ "decision": false })));
    assert_eq!(turn(&point, "1").await.reason(), Reason::ResourceHidden);
}

fn remembering(engine: &Engine) -> RemoteDecisionPoint {
    let minute = Duration::from_secs(60);
    let settings = AuthZen::at(&*engine.url).with_client(http()).remember(minute, minute);
    settings.build(&FakeClock::new().clock()).unwrap()
}

/// Else an answer that comes at once would tell what was asked before, and so what exists.
#[tokio::test]
async fn no_refusal_that_hides_is_remembered_and_nothing_of_what_does_not_exist() {
    let engine = Engine::saying(false).await;
    let point = remembering(&engine);
    for (calls, id) in (1..).zip(["1", "2", "1", "2"]) {
        assert_eq!((turn(&point, id).await.status().as_u16(), engine.calls()), (404, calls));
    }
    // Nor is a refusal taken that a question was answered with which hides nothing.
    let alice = alice();
    let open = Question::new(&alice, "Read", "page", "1");
    for _ in 0..2 {
        assert!(!open.put_to(&point).resolve().await.is_allowed());
        assert_eq!(engine.calls(), 5);
    }
    assert_eq!((turn(&point, "1").await.status().as_u16(), engine.calls()), (404, 6));
    // Of what would be allowed to a stand-in nothing is kept either.
    engine.answer_with(Reply::json(200, &json!({ "decision": true })));
    for calls in 7..9 {
        assert_eq!((turn(&point, "2").await.status().as_u16(), engine.calls()), (404, calls));
    }
}

#[tokio::test]
async fn what_is_allowed_is_remembered_also_where_refusals_hide_until_one_comes() {
    let (engine, time) = (Engine::saying(true).await, FakeClock::new());
    let minute = Duration::from_secs(60);
    let settings = AuthZen::at(&*engine.url).with_client(http()).remember(minute, minute);
    let (point, alice) = (settings.build(&time.clock()).unwrap(), alice());
    let hidden = || Question::new(&alice, "Read", "page", "1").hiding();
    for _ in 0..2 {
        assert!(hidden().put_to(&point).resolve().await.is_allowed());
        assert_eq!((engine.calls(), point.remembered()), (1, 1));
    }
    time.advance(minute);
    engine.answer_with(Reply::json(200, &json!({ "decision": false })));
    // What is said of a stand-in takes nothing away from what exists.
    assert!(!hidden().about_absent().put_to(&point).resolve().await.is_allowed());
    assert_eq!(point.remembered(), 1);
    assert!(!hidden().put_to(&point).resolve().await.is_allowed());
    assert_eq!((engine.calls(), point.remembered()), (3, 0));
}
