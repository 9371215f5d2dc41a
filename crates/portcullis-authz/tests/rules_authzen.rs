//! The decisions of the OpenID AuthZEN interoperability scenario "Todo" for API gateways, by rules and a role model.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use http::Request;
use portcullis_authz::{RoleModel, Rule, Vocabulary, permission};
use portcullis_core::{Clock, CredentialMethod, Principal, RequestView, Trail};
use serde_json::Value;

/// A file of the vectors, or nothing where they are not at hand.
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

/// The roles in the words of the scenario: each editor is a viewer, and the two others are editors.
fn model() -> RoleModel {
    RoleModel::builder()
        .role("viewer")
        .permits("users:read")
        .permits("todos:read")
        .role("editor")
        .includes("viewer")
        .permits("todos:create")
        .permits("todos:update")
        .permits("todos:delete")
        .role("admin")
        .includes("editor")
        .role("evil_genius")
        .includes("editor")
        .build()
        .unwrap()
}

/// What each route asks for.
fn rule(method: &str, route: &str) -> Rule {
    permission(match (method, route) {
        ("GET", "/users/{userId}") => "users:read",
        ("GET", "/todos") => "todos:read",
        ("POST", "/todos") => "todos:create",
        ("PUT", "/todos/{todoId}") => "todos:update",
        ("DELETE", "/todos/{todoId}") => "todos:delete",
        // The model has none, so that the test fails.
        _ => "a route that the scenario does not have",
    })
}

fn request(subject: &str, roles: &Value) -> Request<()> {
    let roles = roles.as_array().unwrap().iter().map(|role| role.as_str().unwrap());
    let caller = Principal::builder(subject, CredentialMethod::Jwt).roles(roles).build();
    let mut request = Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(caller).unwrap();
    request
}

#[test]
fn rules_and_a_role_model_decide_as_the_scenario_says() {
    let (Some(decisions), Some(subjects)) = (vectors("decisions.json"), vectors("subjects.json")) else {
        return;
    };
    let words = Vocabulary::new().with_roles(model());
    let (mut allowed, mut refused) = (0, 0);
    for case in decisions["evaluation"].as_array().unwrap() {
        let asked = &case["request"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (subject, method, route) =
            (text(&asked["subject"]["id"]), text(&asked["action"]["name"]), text(&asked["resource"]["id"]));
        let request = request(&subject, &subjects["subjects"][&subject]["roles"]);
        let rule = rule(&method, &route).within(&words).unwrap();
        let decision = rule.evaluate(&RequestView::of(&request).unwrap());
        assert_eq!(Value::Bool(decision.is_allowed()), case["expected"], "{subject} {method} {route}");
        if decision.is_allowed() { allowed += 1 } else { refused += 1 }
    }
    assert_eq!((allowed, refused), (19, 6));
}
