//! What is no answer, and what happens then.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portcullis_authz::engine::{DecisionPoint, Question};
use portcullis_core::{Clock, Readiness, Reason};
use portcullis_decisions::{AuthZen, DEFAULT_MAX_ANSWER, FAILURES, Opa, OpenFga, PAUSE, RemoteDecisionPoint};
use portcullis_testkit::FakeClock;
use serde_json::json;

use crate::support::{Engine, Reply, alice, ask, ask_about, ask_now, check_failure, http};

const SECOND: Duration = Duration::from_secs(1);

/// A decision point whose waits do not end because the machine is busy.
fn patient(engine: &Engine, clock: &Clock) -> RemoteDecisionPoint {
    AuthZen::at(&*engine.url).deadline(30 * SECOND).with_client(http()).build(clock).unwrap()
}

/// Invariant 4.
#[tokio::test]
async fn whatever_is_no_answer_is_503_and_neither_a_pass_nor_a_refusal() {
    let allowed = json!({ "decision": true, "result": true, "allowed": true }).to_string();
    let huge = format!("{}{}", allowed, " ".repeat(DEFAULT_MAX_ANSWER));
    let json = "application/json";
    for (status, content_type, body, why) in [
        (500, json, allowed.as_str(), "status 500"),
        (503, json, &allowed, "status 503"),
        (400, json, &allowed, "status 400"),
        (401, json, &allowed, "status 401"),
        (403, json, &allowed, "status 403"),
        (404, json, &allowed, "status 404"),
        (201, json, &allowed, "status 201"),
        (204, json, "", "status 204"),
        (302, json, &allowed, "redirected"),
        (304, json, "", "redirected"),
        (200, "text/html", &allowed, "application/json"),
        (200, "text/json", &allowed, "application/json"),
        (200, "", &allowed, "application/json"),
        (200, json, "", "cannot be used"),
        (200, json, "true", "cannot be used"),
        (200, json, "[true]", "cannot be used"),
        (200, json, r#"{"decision":"true","result":"true","allowed":"true"}"#, "cannot be used"),
        (200, json, r#"{"decision":1,"result":1,"allowed":1}"#, "cannot be used"),
        (200, json, r#"{"decision":true,"result":true,"allowed":true"#, "cannot be used"),
        (200, json, r#"{"decision":true,"result":true,"allowed":true} x"#, "cannot be used"),
        (
            200,
            json,
            r#"{"decision":false,"result":false,"allowed":false,"decision":true,"result":true,"allowed":true}"#,
            "cannot be used",
        ),
        (200, json, &huge, "65536 octets"),
    ] {
        let engine = Engine::saying(true).await;
        engine.answer_with(Reply::new(status, content_type, body.to_owned()));
        let clock = Clock::system();
        let authzen = patient(&engine, &clock);
        let opa = Opa::at(&*engine.url).deadline(30 * SECOND).with_client(http()).build(&clock).unwrap();
        let openfga =
            OpenFga::at(&*engine.url, "s").deadline(30 * SECOND).with_client(http()).build(&clock).unwrap();
        for point in [authzen, opa, openfga] {
            check_failure(&ask(&point).await, why);
        }
    }
}

#[tokio::test]
async fn a_decision_that_is_missing_is_a_failure_but_for_opa_where_it_is_undefined() {
    let engine = Engine::start(|_| Reply::json(200, &json!({}))).await;
    check_failure(&ask(&patient(&engine, &Clock::system())).await, "decision");
    let openfga = OpenFga::at(&*engine.url, "s").build(&Clock::system()).unwrap();
    check_failure(&ask(&openfga).await, "allowed");
    let opa = Opa::at(&*engine.url).build(&Clock::system()).unwrap();
    assert_eq!(ask(&opa).await.reason(), Reason::PolicyDenied);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Engine::saying(true).await;
    let mut reply = Reply::json(307, &json!({ "decision": true }));
    reply.fields.push(("location", elsewhere.url.clone()));
    let engine = Engine::saying(true).await;
    engine.answer_with(reply);
    check_failure(&ask(&patient(&engine, &Clock::system())).await, "redirected");
    assert_eq!(elsewhere.calls(), 0);
}

#[tokio::test]
async fn an_answer_may_be_as_large_as_the_limit() {
    let body = r#"{"decision":true}"#;
    let padded = |octets: usize| format!("{body}{}", " ".repeat(octets - body.len()));
    let engine = Engine::saying(false).await;
    let point = AuthZen::at(&*engine.url).max_answer(1000).build(&Clock::system()).unwrap();
    engine.answer_with(Reply::new(200, "application/json", padded(1000)));
    assert!(ask(&point).await.is_allowed());
    engine.answer_with(Reply::new(200, "application/json", padded(1001)));
    check_failure(&ask(&point).await, "1000 octets");
}

#[tokio::test]
async fn an_engine_that_hangs_is_503_at_the_deadline() {
    let engine = Engine::saying(true).await;
    engine.hold();
    let point =
        AuthZen::at(&*engine.url).deadline(Duration::from_millis(20)).build(&Clock::system()).unwrap();
    let decision = ask(&point).await;
    assert_eq!(decision.reason(), Reason::DecisionPointUnavailable);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_tried_once_more_and_no_more() {
    let engine = Engine::saying(true).await;
    let point = patient(&engine, &Clock::system());
    engine.cut(1);
    assert!(ask(&point).await.is_allowed());
    assert_eq!(engine.calls(), 2);
    engine.cut(2);
    check_failure(&ask(&point).await, "broken");
    assert_eq!(engine.calls(), 4);
}

#[tokio::test]
async fn an_engine_that_fails_again_and_again_is_left_alone_and_asked_by_one_after_the_pause() {
    let (engine, time) = (Engine::saying(true).await, FakeClock::new());
    let point = patient(&engine, &time.clock());
    engine.answer_with(Reply::json(503, &json!({})));
    for _ in 0..FAILURES {
        assert!(point.is_ready());
        check_failure(&ask(&point).await, "status 503");
    }
    assert!(!point.is_ready());
    for _ in 0..100 {
        check_failure(&ask_now(&point), "left alone");
    }
    assert_eq!(engine.calls(), FAILURES as usize);
    // The first after the pause fails, too.
    time.advance(PAUSE - SECOND);
    assert!(!point.is_ready());
    check_failure(&ask_now(&point), "another 1 s");
    time.advance(SECOND);
    assert!(point.is_ready());
    check_failure(&ask(&point).await, "status 503");
    check_failure(&ask_now(&point), "left alone");
    // And then it is well again.
    time.advance(PAUSE);
    engine.answer_with(Reply::json(200, &json!({ "decision": true })));
    engine.hold();
    let probe = tokio::spawn({
        let point = point.clone();
        async move { ask(&point).await }
    });
    engine.wait_for_calls(FAILURES as usize + 2).await;
    check_failure(&ask_now(&point), "left alone");
    engine.release();
    assert!(probe.await.unwrap().is_allowed());
    assert!(point.is_ready() && ask(&point).await.is_allowed());
}

/// The engine is well again, but the first to ask after each pause is one whose question tells nothing of it.
#[tokio::test]
async fn nobody_keeps_the_engine_paused_by_questions_that_come_to_nothing() {
    let (engine, time) = (Engine::saying(true).await, FakeClock::new());
    let point = patient(&engine, &time.clock());
    engine.answer_with(Reply::json(503, &json!({})));
    for _ in 0..FAILURES {
        check_failure(&ask(&point).await, "status 503");
    }
    time.advance(PAUSE);
    engine.answer_with(Reply::json(400, &json!({})));
    for _ in 0..3 {
        check_failure(&ask(&point).await, "status 400");
    }
    // Nor by going away.
    engine.hold();
    let calls = engine.calls();
    let gone = tokio::spawn({
        let point = point.clone();
        async move { ask(&point).await }
    });
    engine.wait_for_calls(calls + 1).await;
    check_failure(&ask_now(&point), "left alone");
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    engine.release();
    engine.answer_with(Reply::json(200, &json!({ "decision": true })));
    assert!(ask(&point).await.is_allowed() && ask(&point).await.is_allowed());
}

#[tokio::test]
async fn an_answer_that_one_question_spoils_does_not_shut_out_the_others() {
    let engine = Engine::start(|asked| {
        let good = asked.body["resource"]["id"] == "1";
        if good { Reply::json(200, &json!({ "decision": true })) } else { Reply::json(400, &json!({})) }
    })
    .await;
    let point = patient(&engine, &Clock::system());
    for number in 0..2 * FAILURES {
        check_failure(&ask_about(&point, &format!("bad-{number}")).await, "status 400");
    }
    assert!(ask(&point).await.is_allowed());
}

#[tokio::test]
async fn what_is_beyond_the_waiters_is_503_at_once_and_what_is_beyond_the_calls_queues() {
    let engine = Engine::saying(true).await;
    engine.hold();
    let settings = AuthZen::at(&*engine.url).deadline(30 * SECOND).max_calls(2).max_waiters(3);
    let point = settings.build(&Clock::system()).unwrap();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let step = Question::new(&alice(), "read", "document", "1").put_to(&point);
            tokio::spawn(step.resolve())
        })
        .collect();
    engine.wait_for_calls(2).await;
    check_failure(&ask_now(&point), "too many requests");
    assert_eq!(engine.calls(), 2, "the third is in the queue");
    engine.release();
    for one in waiting {
        assert!(one.await.unwrap().is_allowed());
    }
    assert!(ask(&point).await.is_allowed());
}

#[tokio::test]
async fn a_request_that_goes_away_gives_its_place_back() {
    let engine = Engine::saying(true).await;
    engine.hold();
    let settings = AuthZen::at(&*engine.url).deadline(30 * SECOND).max_calls(1).max_waiters(1);
    let point = settings.build(&Clock::system()).unwrap();
    for calls in 1..=5 {
        let step = Question::new(&alice(), "read", "document", "1").put_to(&point);
        let request = tokio::spawn(step.resolve());
        engine.wait_for_calls(calls).await;
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
    }
    engine.release();
    assert!(ask(&point).await.is_allowed());
}

#[tokio::test]
async fn an_engine_that_is_down_lets_nobody_pass_but_where_that_was_chosen() {
    let engine = Engine::saying(false).await;
    let settings = AuthZen::at(&*engine.url).danger_allow_when_unavailable();
    let point = settings.build(&Clock::system()).unwrap();
    // What the engine refuses is refused.
    assert_eq!(ask(&point).await.reason(), Reason::PolicyDenied);
    engine.answer_with(Reply::json(500, &json!({})));
    let decision = ask(&point).await;
    assert_eq!((decision.is_allowed(), decision.reason()), (true, Reason::DecisionPointBypassed));
    assert!(decision.detail().unwrap().contains("status 500"));
}

/// A caller could make it up.
#[tokio::test]
async fn an_answer_of_no_use_lets_nobody_pass_not_even_where_that_was_chosen() {
    let engine = Engine::saying(true).await;
    let settings = AuthZen::at(&*engine.url).danger_allow_when_unavailable();
    let point = settings.with_client(http()).build(&Clock::system()).unwrap();
    let json = "application/json";
    for (status, content_type, body, why) in [
        (400, json, "{}", "status 400"),
        (413, json, "{}", "status 413"),
        (200, json, "{}", "cannot be used"),
        (200, "text/html", "{}", "application/json"),
        (200, json, &*" ".repeat(DEFAULT_MAX_ANSWER + 1), "65536 octets"),
    ] {
        engine.answer_with(Reply::new(status, content_type, body.to_owned()));
        check_failure(&ask(&point).await, why);
    }
}

#[test]
fn without_a_runtime_it_is_503() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = runtime.block_on(Engine::saying(true));
    let point = patient(&engine, &Clock::system());
    let step = Question::new(&alice(), "read", "document", "1").put_to(&point);
    let mut wait = std::pin::pin!(step.resolve());
    let polled = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    match polled {
        Poll::Ready(decision) => check_failure(&decision, "runtime"),
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn debug_shows_names_and_no_secret() {
    let settings = AuthZen::at("http://127.0.0.1:1").bearer("s3cret".into());
    assert!(!format!("{settings:?}").contains("s3cret"));
    let point = settings.build(&Clock::system()).unwrap();
    assert!(!format!("{point:?}").contains("s3cret"));
    assert_eq!(DecisionPoint::name(&point), "authzen");
}
