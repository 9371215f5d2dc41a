//! The interoperability scenario of AuthZEN for gateways: 25 decisions about routes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::{Method, Request};
use portcullis_authz::engine;
use portcullis_core::{Clock, CredentialMethod, Principal, RequestView, Trail};
use portcullis_decisions::{AuthZen, Opa};
use serde_json::{Value, json};

use crate::support::{Engine, Reply};

/// The file of the vectors, if it is at hand.
fn vectors(name: &str) -> Option<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/authzen-todo");
    match std::fs::read(format!("{folder}/{name}")) {
        Ok(content) => Some(serde_json::from_slice(&content).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: the vectors authzen-todo are not beside the checkout");
            None
        }
    }
}

type Roles = Arc<HashMap<String, Vec<String>>>;

fn roles(subjects: &Value) -> Roles {
    let subjects = subjects["subjects"].as_object().unwrap().iter();
    let names = |who: &Value| -> Vec<String> { serde_json::from_value(who["roles"].clone()).unwrap() };
    Arc::new(subjects.map(|(id, who)| (id.clone(), names(who))).collect())
}

/// The policy of the scenario: viewers read, everybody else does everything that a route stands for.
fn may(roles: &Roles, evaluation: &Value) -> bool {
    let Some(held) = roles.get(evaluation["subject"]["id"].as_str().unwrap()) else { return false };
    let holds = |wanted: &[&str]| held.iter().any(|role| wanted.contains(&&**role));
    let routes = ["/users/{userId}", "/todos", "/todos/{todoId}"];
    let resource = &evaluation["resource"];
    resource["type"] == "route"
        && routes.contains(&resource["id"].as_str().unwrap())
        && match evaluation["action"]["name"].as_str().unwrap() {
            "GET" => holds(&["viewer", "editor", "admin", "evil_genius"]),
            "POST" | "PUT" | "DELETE" => holds(&["editor", "admin", "evil_genius"]),
            _ => false,
        }
}

/// Puts the request of a vector to the route, as a router would leave it.
async fn status(ask: &engine::Ask, request: &Value) -> Option<u16> {
    let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let mut head = Request::new(());
    *head.method_mut() = Method::try_from(&*text("/action/name")).unwrap();
    let trail = Trail::ensure(head.extensions_mut(), &Clock::system());
    trail.authenticated(Principal::builder(text("/subject/id"), CredentialMethod::Jwt).build()).unwrap();
    trail.set_route(text("/resource/id").into());
    let answer = ask.decide(&RequestView::of(&head).unwrap()).resolve().await;
    answer.err().map(|denial| denial.status().as_u16())
}

#[tokio::test]
async fn the_decisions_of_authzen_todo_come_out_right_over_the_wire() {
    let (Some(decisions), Some(subjects)) = (vectors("decisions.json"), vectors("subjects.json")) else {
        return;
    };
    let roles = roles(&subjects);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (known, bodies) = (Arc::clone(&roles), Arc::clone(&asked));
    let authzen = Engine::start(move |asked| {
        let mut request = asked.body.clone();
        // What the vectors leave out.
        request["subject"].as_object_mut().unwrap().remove("properties");
        bodies.lock().unwrap().push(request);
        Reply::json(200, &json!({ "decision": may(&known, &asked.body) }))
    })
    .await;
    let opa =
        Engine::start(move |asked| Reply::json(200, &json!({ "result": may(&roles, &asked.body["input"]) })))
            .await;
    let authzen = AuthZen::at(&*authzen.url).subject_type("identity").build(&Clock::system()).unwrap();
    let opa = Opa::at(&*opa.url).build(&Clock::system()).unwrap();
    let cases = decisions["evaluation"].as_array().unwrap();
    assert_eq!(cases.len(), 25);
    for case in cases {
        let expected = if case["expected"] == true { None } else { Some(403) };
        assert_eq!(status(&engine::ask(authzen.clone()), &case["request"]).await, expected, "{case}");
        assert_eq!(status(&engine::ask(opa.clone()), &case["request"]).await, expected, "{case}");
        assert_eq!(
            asked.lock().unwrap().last().unwrap(),
            &case["request"],
            "what was asked is the vector itself"
        );
    }
}
