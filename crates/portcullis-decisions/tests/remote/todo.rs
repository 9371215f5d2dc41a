//! The interoperability scenario of AuthZEN for gateways: 25 decisions about routes.

use std::collections::HashMap;
use std::sync::Arc;

use http::{Method, Request};
use portcullis_authz::engine;
use portcullis_core::{Clock, CredentialMethod, Principal, RequestView, Trail};
use portcullis_decisions::{AuthZen, Opa};
use serde_json::{Value, json};

use crate::support::{Engine, Reply, http};

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
async fn status(ask: &engine::Ask, roles: &Roles, request: &Value) -> Option<u16> {
    let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let mut head = Request::new(());
    *head.method_mut() = Method::try_from(&*text("/action/name")).unwrap();
    let subject = text("/subject/id");
    let held = roles.get(&subject).cloned().unwrap_or_default();
    let trail = Trail::ensure(head.extensions_mut(), &Clock::system());
    trail.authenticated(Principal::builder(subject, CredentialMethod::Jwt).roles(held).build()).unwrap();
    trail.set_route(text("/resource/id").into());
    let answer = ask.decide(&RequestView::of(&head).unwrap()).resolve().await;
    answer.err().map(|denial| denial.status().as_u16())
}

/// Puts all of them, and calls the function after each with its request.
pub(crate) async fn check_all(ask: &engine::Ask, after: impl Fn(&Value)) {
    let (Some(decisions), Some(subjects)) = (vectors("decisions.json"), vectors("subjects.json")) else {
        return;
    };
    let (roles, cases) = (roles(&subjects), decisions["evaluation"].as_array().unwrap());
    assert_eq!(cases.len(), 25);
    for case in cases {
        let expected = if case["expected"] == true { None } else { Some(403) };
        assert_eq!(status(ask, &roles, &case["request"]).await, expected, "{case}");
        after(&case["request"]);
    }
}

#[tokio::test]
async fn the_decisions_of_authzen_todo_come_out_right_over_authzen() {
    let Some(subjects) = vectors("subjects.json") else { return };
    let roles = roles(&subjects);
    let engine =
        Engine::start(move |asked| Reply::json(200, &json!({ "decision": may(&roles, &asked.body) }))).await;
    let settings = AuthZen::at(&*engine.url).subject_type("identity").with_client(http());
    check_all(&engine::ask(settings.build(&Clock::system()).unwrap()), |request| {
        let mut asked = engine.asked().pop().unwrap().body;
        asked["subject"].as_object_mut().unwrap().remove("properties");
        assert_eq!(&asked, request, "but for the properties, what was asked is the vector itself");
    })
    .await;
}

#[tokio::test]
async fn the_decisions_of_authzen_todo_come_out_right_over_opa() {
    let Some(subjects) = vectors("subjects.json") else { return };
    let roles = roles(&subjects);
    let engine =
        Engine::start(move |asked| Reply::json(200, &json!({ "result": may(&roles, &asked.body["input"]) })))
            .await;
    let opa = Opa::at(&*engine.url).with_client(http()).build(&Clock::system()).unwrap();
    check_all(&engine::ask(opa), |_| ()).await;
}
