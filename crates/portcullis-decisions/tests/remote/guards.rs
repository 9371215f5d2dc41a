//! Guards that ask an engine about what they loaded, and do not enforce what it says.

use std::borrow::Cow;
use std::time::Duration;

use http::Request;
use portcullis_authz::engine::{Describe, EnginePolicy};
use portcullis_authz::{Guard, Read};
use portcullis_core::{Clock, Denial, Mode, Reason, RequestView, Trail};
use portcullis_decisions::{AuthZen, RemoteDecisionPoint};
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
