//! AuthZEN Authorization API 1.0: what goes over the wire.

use portcullis_authz::engine::Question;
use portcullis_core::{Claims, Clock, CredentialMethod, Principal, Reason, RequestId};
use portcullis_decisions::AuthZen;
use portcullis_testkit::FakeClock;
use serde_json::{Map, Value, json};

use crate::support::{Engine, Reply, ask, check_failure, http};

#[tokio::test]
async fn the_question_is_posted_as_an_evaluation_request() {
    let engine = Engine::saying(true).await;
    let claims: Map<String, Value> =
        [("department".to_owned(), json!("sales")), ("email".to_owned(), json!("a@b.example"))]
            .into_iter()
            .collect();
    let caller = Principal::builder("alice", CredentialMethod::Jwt)
        .issuer("https://login.example")
        .role("editor")
        .claims(Claims::new(claims))
        .build();
    let point = AuthZen::at(format!("{}/pdp/", engine.url))
        .bearer("t0ken".into())
        .subject_type("identity")
        .claims(["department"])
        .subject_property("engine.roles", |caller| caller.roles().collect::<Vec<_>>().into())
        .build(&Clock::system())
        .unwrap();
    let id = RequestId::generate();
    let question = Question::new(&caller, "can_read", "document", "7")
        .with_attribute("owner", "bob")
        .with_context("night", true)
        .with_request_id(id);
    assert!(question.put_to(&point).resolve().await.is_allowed());
    let asked = engine.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/pdp/access/v1/evaluation"));
    let properties = json!({
        "method": "jwt", "issuer": "https://login.example", "roles": ["editor"],
        "claims": { "department": "sales" }, "engine.roles": ["editor"],
    });
    let expected = json!({
        "subject": { "type": "identity", "id": "alice", "properties": properties },
        "action": { "name": "can_read" },
        "resource": { "type": "document", "id": "7", "properties": { "owner": "bob" } },
        "context": { "night": true },
    });
    assert_eq!(asked.body, expected);
    assert_eq!(asked.headers["authorization"], "Bearer t0ken");
    assert_eq!(asked.headers["content-type"], "application/json");
    assert_eq!(asked.headers["accept"], "application/json");
    assert_eq!(asked.headers["x-request-id"], id.to_string());
}

#[tokio::test]
async fn what_the_engine_tells_besides_goes_to_the_event_escaped_and_cut() {
    let engine = Engine::saying(true).await;
    let point = AuthZen::at(&*engine.url).with_client(http()).build(&Clock::system()).unwrap();
    let context = json!({ "reason_admin": { "en": "policy C076\nE82F" } });
    engine.answer_with(Reply::json(200, &json!({ "decision": false, "context": context })));
    let decision = ask(&point).await;
    assert_eq!(decision.reason(), Reason::PolicyDenied);
    assert_eq!(decision.detail(), Some(r#"{"reason_admin":{"en":"policy C076\\nE82F"}}"#));
    engine.answer_with(Reply::json(200, &json!({ "decision": true, "context": "\u{202e}x".repeat(5000) })));
    let decision = ask(&point).await;
    assert!(decision.is_allowed());
    let detail = decision.detail().unwrap();
    assert!(detail.len() <= 1024 && detail.starts_with(r#""\u{202e}x"#), "{detail}");
}

#[tokio::test]
async fn a_media_type_may_have_parameters() {
    let engine = Engine::saying(true).await;
    engine.answer_with(Reply::new(200, "Application/JSON; charset=utf-8", r#"{"decision":true}"#));
    assert!(
        ask(&AuthZen::at(&*engine.url).with_client(http()).build(&Clock::system()).unwrap())
            .await
            .is_allowed()
    );
}

#[tokio::test]
async fn an_api_key_goes_in_the_field_that_was_named() {
    let engine = Engine::saying(true).await;
    let point = AuthZen::at(&*engine.url)
        .with_client(http())
        .api_key("x-api-key", "k3y".into())
        .build(&Clock::system())
        .unwrap();
    assert!(ask(&point).await.is_allowed());
    let asked = engine.asked().remove(0);
    assert_eq!(asked.headers["x-api-key"], "k3y");
    assert!(!asked.headers.contains_key("authorization") && !asked.headers.contains_key("x-request-id"));
}

/// A server whose metadata says this, with its own URL in the place of `URL`.
async fn with_metadata(metadata: Value) -> Engine {
    Engine::start(move |asked| {
        if asked.method == "POST" {
            return Reply::json(200, &json!({ "decision": asked.target == "/pdp/evaluate" }));
        }
        let host = asked.headers["host"].to_str().unwrap();
        let metadata = metadata.to_string().replace("URL", &format!("http://{host}"));
        Reply::new(200, "application/json", metadata)
    })
    .await
}

/// §9.
#[tokio::test]
async fn the_endpoint_that_the_metadata_names_is_asked_and_looked_up_once() {
    let metadata = json!({
        "policy_decision_point": "URL/pdp",
        "access_evaluation_endpoint": "URL/pdp/evaluate",
        "access_evaluations_endpoint": "URL/pdp/evaluations",
    });
    let (engine, time) = (with_metadata(metadata).await, FakeClock::new());
    let point = AuthZen::discover(format!("{}/pdp", engine.url)).build(&time.clock()).unwrap();
    assert_eq!(engine.calls(), 0);
    for _ in 0..3 {
        assert!(ask(&point).await.is_allowed());
    }
    let targets: Vec<String> = engine.asked().into_iter().map(|asked| asked.target).collect();
    assert_eq!(targets[0], "/.well-known/authzen-configuration/pdp");
    assert_eq!(targets[1..], ["/pdp/evaluate", "/pdp/evaluate", "/pdp/evaluate"]);
    time.advance(std::time::Duration::from_secs(3600));
    assert!(ask(&point).await.is_allowed());
    assert_eq!(engine.calls(), 6);
}

#[tokio::test]
async fn metadata_of_somebody_else_is_not_followed() {
    let elsewhere = Engine::saying(true).await;
    let cases = [
        (
            json!({ "policy_decision_point": "https://other.example", "access_evaluation_endpoint": "URL/e" }),
            "another",
        ),
        (
            json!({ "policy_decision_point": "URL", "access_evaluation_endpoint": elsewhere.url.clone() }),
            "origin",
        ),
        (json!({ "policy_decision_point": "URL", "access_evaluation_endpoint": "/relative" }), "origin"),
        (json!({ "policy_decision_point": "URL", "access_evaluation_endpoint": "" }), "not a url"),
        (json!({ "policy_decision_point": "URL" }), "names the endpoint"),
        (json!([]), "names the endpoint"),
    ];
    for (metadata, why) in cases {
        let engine = with_metadata(metadata).await;
        let point = AuthZen::discover(&*engine.url).build(&Clock::system()).unwrap();
        check_failure(&ask(&point).await, why);
    }
    assert_eq!(elsewhere.calls(), 0);
}
