//! Questions whose answer changes nothing, beside those that decide: one decision point is asked both.

use std::time::Duration;

use portcullis_authz::engine::Question;
use portcullis_core::{Clock, Decision, Readiness};
use portcullis_decisions::{AuthZen, FAILURES, RemoteDecisionPoint};
use portcullis_testkit::FakeClock;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::{Engine, Reply, alice, ask, ask_now, check_failure, http};

fn point(engine: &Engine, calls: usize, waiters: usize, clock: &Clock) -> RemoteDecisionPoint {
    let settings = AuthZen::at(&*engine.url).deadline(Duration::from_secs(30)).with_client(http());
    settings.max_calls(calls).max_waiters(waiters).build(clock).unwrap()
}

/// Whether alice may read document 1, out of curiosity.
async fn watch(point: &RemoteDecisionPoint) -> Decision {
    let alice = alice();
    Question::new(&alice, "read", "document", "1").watched().put_to(point).resolve().await
}

/// Many watched questions at once.
fn flood(point: &RemoteDecisionPoint, questions: usize) -> Vec<JoinHandle<Decision>> {
    let one = |_| {
        let point = point.clone();
        tokio::spawn(async move { watch(&point).await })
    };
    (0..questions).map(one).collect()
}

/// So many of them were refused, for want of room; the others were answered.
async fn check_refused(asked: Vec<JoinHandle<Decision>>, refused: usize) {
    let mut counted = 0;
    for decision in asked {
        let decision = decision.await.unwrap();
        if !decision.is_allowed() {
            check_failure(&decision, "too many requests wait");
            counted += 1;
        }
    }
    assert_eq!(counted, refused);
}

#[tokio::test]
async fn a_flood_of_watched_questions_leaves_half_of_the_calls_to_those_that_decide() {
    let engine = Engine::saying(true).await;
    engine.hold();
    let point = point(&engine, 4, 64, &Clock::system());
    let flooded = flood(&point, 40);
    engine.wait_for_calls(2).await;
    // The watched ones in the queue stand behind others of their kind, not in front of these.
    let enforced: Vec<_> = (0..2)
        .map(|_| {
            let point = point.clone();
            tokio::spawn(async move { ask(&point).await })
        })
        .collect();
    engine.wait_for_calls(4).await;
    engine.release();
    for decision in enforced {
        assert!(decision.await.unwrap().is_allowed());
    }
    check_refused(flooded, 40 - 32).await;
}

#[tokio::test]
async fn a_flood_of_watched_questions_leaves_half_of_the_seats_to_those_that_decide() {
    let engine = Engine::saying(true).await;
    engine.hold();
    let point = point(&engine, 64, 4, &Clock::system());
    let flooded = flood(&point, 10);
    engine.wait_for_calls(2).await;
    let enforced = {
        let point = point.clone();
        tokio::spawn(async move { (ask(&point).await, point) })
    };
    engine.wait_for_calls(3).await;
    engine.release();
    let (decision, point) = enforced.await.unwrap();
    assert!(decision.is_allowed());
    check_refused(flooded, 8).await;
    assert!(watch(&point).await.is_allowed(), "places are given back");
}

#[tokio::test]
async fn where_there_is_one_place_alone_it_is_for_questions_that_decide() {
    let engine = Engine::saying(true).await;
    for (calls, waiters) in [(1, 64), (64, 1), (1, 1)] {
        let point = point(&engine, calls, waiters, &Clock::system());
        check_failure(&watch(&point).await, "too many requests wait");
        assert!(ask(&point).await.is_allowed());
    }
    let point = point(&engine, 2, 2, &Clock::system());
    assert!(watch(&point).await.is_allowed());
}

#[tokio::test]
async fn failures_of_watched_questions_make_no_pause_for_those_that_decide() {
    let engine = Engine::saying(true).await;
    engine.answer_with(Reply::json(500, &json!({})));
    let time = FakeClock::new();
    let point = point(&engine, 64, 64, &time.clock());
    for _ in 0..FAILURES {
        check_failure(&watch(&point).await, "status 500");
    }
    check_failure(&watch(&point).await, "left alone");
    assert!(point.is_ready());
    engine.answer_with(Reply::json(200, &json!({ "decision": true })));
    assert!(ask(&point).await.is_allowed());
    check_failure(&watch(&point).await, "left alone");
}

#[tokio::test]
async fn an_engine_that_is_left_alone_is_not_asked_by_watched_questions_either() {
    let engine = Engine::saying(true).await;
    engine.answer_with(Reply::json(500, &json!({})));
    let time = FakeClock::new();
    let point = point(&engine, 64, 64, &time.clock());
    for _ in 0..FAILURES {
        check_failure(&ask(&point).await, "status 500");
    }
    check_failure(&ask_now(&point), "left alone");
    check_failure(&watch(&point).await, "left alone");
    assert_eq!(engine.calls(), FAILURES as usize);
    assert!(!point.is_ready());
}
