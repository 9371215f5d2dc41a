//! The suite that every decision point passes, once for each engine, over real sockets.

use std::sync::Arc;

use portcullis_authz::conformance::{decision_points, failing_decision_points};
use portcullis_authz::engine::DecisionPoint;
use portcullis_core::Clock;
use portcullis_decisions::{AuthZen, Opa, OpenFga, RemoteDecisionPoint};
use serde_json::{Value, json};

use crate::support::{Asked, Engine, Reply};

/// What the suite says: alice may read document 1.
fn may(evaluation: &Value) -> bool {
    evaluation["subject"]["id"] == "alice"
        && evaluation["action"]["name"] == "read"
        && evaluation["resource"]["type"] == "document"
        && evaluation["resource"]["id"] == "1"
}

/// It repeats what it was asked for, as engines do in their explanations.
fn authzen(asked: &Asked) -> Reply {
    let id: String = asked.body["resource"]["id"].as_str().unwrap().chars().take(100).collect();
    Reply::json(200, &json!({ "decision": may(&asked.body), "context": { "reason_admin": { "en": id } } }))
}

fn opa(asked: &Asked) -> Reply {
    let input = &asked.body["input"];
    let subject: String = input["subject"]["id"].as_str().unwrap().chars().take(100).collect();
    let result = json!({ "allow": may(input), "reason": format!("decided about {subject}") });
    Reply::json(200, &json!({ "decision_id": "0a1b", "result": result }))
}

/// The model has the type `document` with the relations `read` and `write`.
fn openfga(asked: &Asked) -> Reply {
    let key = &asked.body["tuple_key"];
    let (object, relation) = (key["object"].as_str().unwrap(), key["relation"].as_str().unwrap());
    if !object.starts_with("document:") || !["read", "write"].contains(&relation) {
        let message = format!("relation '{object}#{relation}' not found");
        return Reply::json(400, &json!({ "code": "validation_error", "message": message }));
    }
    let allowed = key["user"] == "user:alice" && relation == "read" && object == "document:1";
    Reply::json(200, &json!({ "allowed": allowed, "resolution": "" }))
}

async fn check(point: RemoteDecisionPoint) {
    let point: Arc<dyn DecisionPoint> = Arc::new(point);
    decision_points(&point).await;
}

async fn check_failing(point: RemoteDecisionPoint) {
    let point: Arc<dyn DecisionPoint> = Arc::new(point);
    failing_decision_points(&point).await;
}

#[tokio::test]
async fn authzen_conforms() {
    let engine = Engine::start(authzen).await;
    check(AuthZen::at(&*engine.url).build(&Clock::system()).unwrap()).await;
    engine.answer_with(Reply::json(500, &json!({})));
    check_failing(AuthZen::at(&*engine.url).build(&Clock::system()).unwrap()).await;
}

#[tokio::test]
async fn authzen_that_remembers_conforms() {
    let engine = Engine::start(authzen).await;
    let second = std::time::Duration::from_secs(1);
    let point = AuthZen::at(&*engine.url).remember(60 * second, 60 * second).build(&Clock::system()).unwrap();
    check(point.clone()).await;
    let calls = engine.calls();
    check(point).await;
    assert!(engine.calls() < calls + 10, "{} after {calls}", engine.calls());
}

#[tokio::test]
async fn opa_conforms() {
    let engine = Engine::start(opa).await;
    check(Opa::at(&*engine.url).build(&Clock::system()).unwrap()).await;
    engine.answer_with(Reply::json(500, &json!({ "code": "internal_error" })));
    check_failing(Opa::at(&*engine.url).build(&Clock::system()).unwrap()).await;
}

#[tokio::test]
async fn openfga_conforms() {
    let engine = Engine::start(openfga).await;
    check(OpenFga::at(&*engine.url, "store").build(&Clock::system()).unwrap()).await;
    engine.answer_with(Reply::json(500, &json!({ "code": "internal_error" })));
    check_failing(OpenFga::at(&*engine.url, "store").build(&Clock::system()).unwrap()).await;
}

#[tokio::test]
async fn what_nobody_listens_to_conforms_to_failure() {
    let engine = Engine::saying(true).await;
    let url = engine.url.clone();
    drop(engine);
    tokio::task::yield_now().await;
    check_failing(AuthZen::at(&*url).build(&Clock::system()).unwrap()).await;
    check_failing(Opa::at(&*url).build(&Clock::system()).unwrap()).await;
    check_failing(OpenFga::at(&*url, "store").build(&Clock::system()).unwrap()).await;
}
