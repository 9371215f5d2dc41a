//! The data API of the Open Policy Agent.

use portcullis_core::{Clock, Reason};
use portcullis_decisions::{FAILURES, Opa};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Engine, Reply, ask, check_failure, http};

#[tokio::test]
async fn the_question_is_posted_as_input_to_the_document() {
    let engine = Engine::start(|_| Reply::json(200, &json!({ "result": true }))).await;
    let point =
        Opa::at(&*engine.url).with_client(http()).path("todo/v1/allow").build(&Clock::system()).unwrap();
    assert!(ask(&point).await.is_allowed());
    let asked = engine.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/v1/data/todo/v1/allow"));
    let input = json!({
        "subject": { "type": "user", "id": "alice", "properties": { "method": "jwt", "roles": ["editor"] } },
        "action": { "name": "read" },
        "resource": { "type": "document", "id": "1" },
    });
    assert_eq!(asked.body, json!({ "input": input }));
}

#[track_caller]
fn check(body: Value, allowed: Option<bool>, detail: Option<&str>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let decision = runtime.block_on(async {
        let engine = Engine::start(move |_| Reply::json(200, &body)).await;
        ask(&Opa::at(&*engine.url).with_client(http()).build(&Clock::system()).unwrap()).await
    });
    match allowed {
        None => check_failure(&decision, "`result` is neither"),
        Some(allowed) => {
            let reason = if allowed { Reason::PolicyAllowed } else { Reason::PolicyDenied };
            assert_eq!(
                (decision.is_allowed(), decision.reason(), decision.detail()),
                (allowed, reason, detail)
            );
        }
    }
}

#[test]
fn a_boolean_decides_and_what_is_undefined_is_refused() {
    check(json!({ "result": true }), Some(true), None);
    check(json!({ "result": false }), Some(false), None);
    check(json!({}), Some(false), Some("the document is undefined"));
    check(json!({ "result": null }), Some(false), Some("the document is undefined"));
    check(json!({ "result": true, "decision_id": "d1" }), Some(true), Some("decision d1"));
}

#[test]
fn an_object_decides_by_allow_and_tells_why() {
    check(json!({ "result": { "allow": true } }), Some(true), None);
    check(
        json!({ "result": { "allow": false, "reason": "not\nyours" } }),
        Some(false),
        Some(r"not\u{a}yours"),
    );
    check(
        json!({ "result": { "allow": true, "reason": ["a", "b"], "x": 1 } }),
        Some(true),
        Some(r#"["a","b"]"#),
    );
    check(json!({ "result": {} }), Some(false), Some("the document is undefined"));
    check(json!({ "result": { "reason": "r" }, "decision_id": "d" }), Some(false), Some("decision d: r"));
}

#[test]
fn what_is_neither_is_a_failure() {
    for result in [
        json!("true"),
        json!(1),
        json!([true]),
        json!({ "allow": "true" }),
        json!({ "allow": null }),
        json!({ "allow": [true] }),
    ] {
        check(json!({ "result": result }), None, None);
    }
}

#[tokio::test]
async fn allow_may_stand_there_once() {
    let engine = Engine::start(|_| Reply::json(200, &json!({}))).await;
    let body = r#"{"result":{"allow":false,"allow":true}}"#;
    engine.answer_with(Reply::new(200, "application/json", body));
    check_failure(
        &ask(&Opa::at(&*engine.url).with_client(http()).build(&Clock::system()).unwrap()).await,
        "`result` is neither",
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let name = prop_oneof![Just("allow".to_owned()), Just("reason".to_owned()), "[a-z]{1,4}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_but_true_allows(result in any_json()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let body = json!({ "result": result });
        let decision = runtime.block_on(async {
            let engine = Engine::start(move |_| Reply::json(200, &body)).await;
            ask(&Opa::at(&*engine.url).with_client(http()).build(&Clock::system()).unwrap()).await
        });
        let allows = result == json!(true) || result.get("allow") == Some(&json!(true));
        prop_assert_eq!(decision.is_allowed(), allows);
    }
}

/// What one caller's input does to a policy shuts nobody else out.
#[tokio::test]
async fn a_policy_that_fails_with_one_question_is_503_and_no_outage() {
    let trouble = |code: &str| json!({ "code": "internal_error", "errors": [{ "code": code }] });
    let engine = Engine::saying(true).await;
    let point = Opa::at(&*engine.url).with_client(http()).build(&Clock::system()).unwrap();
    engine.answer_with(Reply::json(500, &trouble("eval_conflict_error")));
    for _ in 0..2 * FAILURES {
        check_failure(&ask(&point).await, "its policies fail with this question");
    }
    for other in [trouble("eval_internal_error"), json!({ "errors": [] }), json!({ "result": true })] {
        engine.answer_with(Reply::json(500, &other));
        check_failure(&ask(&point).await, "status 500");
    }
    engine.answer_with(Reply::json(200, &json!({ "result": true })));
    assert!(ask(&point).await.is_allowed());
}
