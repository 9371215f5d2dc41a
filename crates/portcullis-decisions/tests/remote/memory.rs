//! What is remembered, and for how long.

use std::time::Duration;

use portcullis_authz::engine::Question;
use portcullis_core::{CredentialMethod, Principal};
use portcullis_decisions::{AuthZen, FAILURES};
use portcullis_testkit::FakeClock;
use serde_json::json;

use crate::support::{Engine, Reply, alice, ask, ask_about, ask_now, check_failure, http};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn nothing_is_remembered_unless_it_is_said_for_how_long() {
    let engine = Engine::saying(true).await;
    let point = AuthZen::at(&*engine.url).with_client(http()).build(&FakeClock::new().clock()).unwrap();
    for calls in 1..=3 {
        assert!(ask(&point).await.is_allowed());
        assert_eq!((engine.calls(), point.remembered()), (calls, 0));
    }
}

#[tokio::test]
async fn decisions_are_remembered_for_their_time_and_not_a_moment_longer() {
    for (decision, life) in [(true, 5), (false, 2)] {
        let (engine, time) = (Engine::saying(decision).await, FakeClock::new());
        let settings = AuthZen::at(&*engine.url).with_client(http()).remember(5 * SECOND, 2 * SECOND);
        let point = settings.build(&time.clock()).unwrap();
        assert_eq!(ask(&point).await.is_allowed(), decision);
        time.advance(life * SECOND - Duration::from_nanos(1));
        // A hit does not prolong it.
        for _ in 0..3 {
            assert_eq!(ask_now(&point).is_allowed(), decision);
        }
        assert_eq!(engine.calls(), 1);
        time.advance(Duration::from_nanos(1));
        engine.answer_with(Reply::json(200, &json!({ "decision": !decision })));
        assert_eq!(ask(&point).await.is_allowed(), !decision, "the new decision takes the place of the old");
        assert_eq!(engine.calls(), 2);
    }
}

#[tokio::test]
async fn what_has_no_life_is_not_kept_and_brings_no_older_decision_back() {
    let (engine, time) = (Engine::saying(true).await, FakeClock::new());
    let settings = AuthZen::at(&*engine.url).with_client(http()).remember(5 * SECOND, Duration::ZERO);
    let point = settings.build(&time.clock()).unwrap();
    assert!(ask(&point).await.is_allowed());
    time.advance(6 * SECOND);
    engine.answer_with(Reply::json(200, &json!({ "decision": false })));
    assert!(!ask(&point).await.is_allowed());
    assert_eq!(point.remembered(), 0);
}

#[tokio::test]
async fn whatever_differs_in_the_question_is_another_question() {
    let engine = Engine::saying(true).await;
    let settings = AuthZen::at(&*engine.url).with_client(http()).remember(60 * SECOND, 60 * SECOND);
    let point = settings.build(&FakeClock::new().clock()).unwrap();
    let plain = alice();
    let other_role = Principal::builder("alice", CredentialMethod::Jwt).role("viewer").build();
    let other_issuer =
        Principal::builder("alice", CredentialMethod::Jwt).role("editor").issuer("https://b.example").build();
    let question = |caller| Question::new(caller, "read", "document", "1");
    let questions = [
        question(&plain),
        question(&other_role),
        question(&other_issuer),
        Question::new(&plain, "write", "document", "1"),
        Question::new(&plain, "read", "folder", "1"),
        Question::new(&plain, "read", "document", "2"),
        question(&plain).with_attribute("owner", "alice"),
        question(&plain).with_attribute("owner", "bob"),
        question(&plain).with_context("owner", "bob"),
    ];
    for (number, question) in questions.iter().enumerate() {
        assert!(question.put_to(&point).resolve().await.is_allowed());
        assert_eq!(engine.calls(), number + 1);
    }
    for question in &questions {
        assert!(question.put_to(&point).done().unwrap().is_allowed());
    }
}

#[tokio::test]
async fn failures_are_not_remembered_and_do_not_touch_what_is() {
    let (engine, time) = (Engine::saying(true).await, FakeClock::new());
    let settings = AuthZen::at(&*engine.url).with_client(http()).remember(60 * SECOND, 60 * SECOND);
    let point = settings.build(&time.clock()).unwrap();
    assert!(ask(&point).await.is_allowed());
    engine.answer_with(Reply::json(500, &json!({})));
    for _ in 0..FAILURES {
        check_failure(&ask_about(&point, "2").await, "status 500");
    }
    check_failure(&ask_about(&point, "2").await, "left alone");
    assert!(ask_now(&point).is_allowed(), "what is known needs no engine");
    assert_eq!(point.remembered(), 1);
}

#[tokio::test]
async fn what_was_forgotten_is_asked_again() {
    let engine = Engine::saying(true).await;
    let settings = AuthZen::at(&*engine.url).with_client(http()).remember(60 * SECOND, 60 * SECOND);
    let point = settings.build(&FakeClock::new().clock()).unwrap();
    assert!(ask(&point).await.is_allowed());
    engine.answer_with(Reply::json(200, &json!({ "decision": false })));
    assert!(ask_now(&point).is_allowed());
    point.forget();
    assert!(!ask(&point).await.is_allowed());
}

#[tokio::test]
async fn what_was_on_its_way_when_all_was_forgotten_is_not_kept() {
    let engine = Engine::saying(true).await;
    let settings = AuthZen::at(&*engine.url).deadline(30 * SECOND).with_client(http());
    let point = settings.remember(60 * SECOND, 60 * SECOND).build(&FakeClock::new().clock()).unwrap();
    engine.hold();
    let early = tokio::spawn({
        let point = point.clone();
        async move { ask(&point).await }
    });
    engine.wait_for_calls(1).await;
    point.forget();
    engine.release();
    assert!(early.await.unwrap().is_allowed());
    assert_eq!(point.remembered(), 0);
    assert!(ask(&point).await.is_allowed());
    assert_eq!((engine.calls(), point.remembered()), (2, 1));
}

#[tokio::test]
async fn the_memory_is_bounded_by_number_and_by_octets() {
    let engine = Engine::saying(true).await;
    let settings = || AuthZen::at(&*engine.url).with_client(http()).remember(60 * SECOND, 60 * SECOND);
    let few = settings().max_remembered(10).build(&FakeClock::new().clock()).unwrap();
    for number in 0..100 {
        assert!(ask_about(&few, &number.to_string()).await.is_allowed());
        assert!(few.remembered() <= 10, "{}", few.remembered());
    }
    assert!(few.remembered() > 0);
    let small = settings().max_remembered_octets(8 * 1024).build(&FakeClock::new().clock()).unwrap();
    for number in 0..50 {
        assert!(ask_about(&small, &format!("{number}{}", "x".repeat(1000))).await.is_allowed());
        assert!(small.remembered() <= 8, "{}", small.remembered());
    }
}
