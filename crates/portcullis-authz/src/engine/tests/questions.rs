//! What a question holds, how it is written, how large it may be.

use std::time::{Duration, UNIX_EPOCH};

use portcullis_core::{
    Actor, Assurance, Claims, CredentialMethod, Decision, Principal, Reason, Scopes, Step,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::engine::{DecisionPoint, MAX_DETAIL_OCTETS, MAX_QUESTION_OCTETS, Question, detail, unavailable};

struct Allowing;

impl DecisionPoint for Allowing {
    fn name(&self) -> &str {
        "allowing"
    }

    fn decide(&self, _: &Question<'_>) -> Step<Decision> {
        Step::Done(Decision::allow(Reason::PolicyAllowed))
    }
}

fn alice() -> Principal {
    Principal::builder("alice", CredentialMethod::Jwt).build()
}

/// AuthZEN Authorization API 1.0 §5, §6.1.
#[test]
fn is_written_as_an_evaluation_request() {
    let mut login = Assurance::default();
    login.acr = Some("mfa".into());
    login.amr = vec!["otp".into()];
    login.auth_time = Some(UNIX_EPOCH + Duration::from_secs(1000));
    let claims: Map<String, Value> =
        [("department".to_owned(), json!("sales")), ("email".to_owned(), json!("a@b.example"))]
            .into_iter()
            .collect();
    let caller = Principal::builder("alice", CredentialMethod::Jwt)
        .issuer("https://login.example")
        .tenant("acme")
        .client_id("web")
        .scopes(Scopes::parse("a b").unwrap())
        .roles(["editor"])
        .groups(["staff"])
        .assurance(login)
        .actors([Actor::new().subject("robot").issuer("https://other.example")])
        .claims(Claims::new(claims))
        .build();
    let question = Question::new(&caller, "read", "document", "7")
        .with_attribute("owner", "bob")
        .with_context("night", true);
    let written = json!({
        "subject": {
            "type": "user",
            "id": "alice",
            "properties": {
                "method": "jwt", "issuer": "https://login.example", "tenant": "acme", "client_id": "web",
                "scopes": ["a", "b"], "roles": ["editor"], "groups": ["staff"],
                "acr": "mfa", "amr": ["otp"], "auth_time": 1000,
                "actor": { "id": "robot", "issuer": "https://other.example" },
            },
        },
        "action": { "name": "read" },
        "resource": { "type": "document", "id": "7", "properties": { "owner": "bob" } },
        "context": { "night": true },
    });
    assert_eq!(serde_json::to_value(&question).unwrap(), written);

    let names = ["department".into(), "absent".into()];
    let shaped = question.evaluation().with_subject_type("identity").with_claims(&names);
    let shaped = serde_json::to_value(shaped).unwrap();
    assert_eq!(shaped["subject"]["type"], "identity");
    assert_eq!(shaped["subject"]["properties"]["claims"], json!({ "department": "sales" }));
}

#[test]
fn a_client_on_its_own_behalf_is_no_user() {
    let client = Principal::builder("batch", CredentialMethod::Jwt).client_id("batch").build();
    let written = serde_json::to_value(Question::new(&client, "run", "job", "1")).unwrap();
    assert_eq!(written["subject"]["type"], "client");
}

#[test]
fn a_question_at_the_limit_is_asked_and_a_larger_one_is_refused() {
    let caller = alice();
    let decided = |question: &Question<'_>| question.put_to(&Allowing).done().unwrap();
    let names = "read".len() + "file".len();
    let of = |octets: usize| Question::new(&caller, "read", "file", "x".repeat(octets - names));
    assert!(decided(&of(MAX_QUESTION_OCTETS)).is_allowed());
    let refused = decided(&of(MAX_QUESTION_OCTETS + 1));
    assert_eq!((refused.is_allowed(), refused.reason()), (false, Reason::PolicyDenied));
    // However it is spread.
    let texts = vec!["x".repeat(100); MAX_QUESTION_OCTETS / 100];
    assert!(!decided(&of(10).with_attribute("a", texts)).is_allowed());
    let small = vec![json!(1); MAX_QUESTION_OCTETS / 8];
    assert!(!decided(&of(10).with_context("a", small)).is_allowed());
    let mut deep = json!(1);
    for _ in 0..MAX_QUESTION_OCTETS {
        deep = Value::Array(vec![deep]);
    }
    let question = of(10).with_attribute("a", deep);
    assert!(!decided(&question).is_allowed());
    // Dropping so deep a value would take as much of the stack; whoever makes one knows.
    std::mem::forget(question);
}

#[test]
fn a_question_with_an_empty_name_is_refused_unasked() {
    let (caller, nobody) = (alice(), Principal::builder("", CredentialMethod::Jwt).build());
    let questions = [
        Question::new(&nobody, "a", "k", "i"),
        Question::new(&caller, "", "k", "i"),
        Question::new(&caller, "a", "", "i"),
        Question::new(&caller, "a", "k", ""),
    ];
    for question in questions {
        let decision = question.put_to(&Allowing).done().unwrap();
        assert_eq!((decision.is_allowed(), decision.reason()), (false, Reason::PolicyDenied));
    }
}

#[test]
fn properties_of_ones_own_stand_beside_the_others_and_never_in_their_place() {
    let caller = Principal::builder("alice", CredentialMethod::Jwt).role("editor").build();
    let question = Question::new(&caller, "read", "document", "7");
    let own = json!({ "engine.roles": ["a"], "roles": ["admin"], "tenant": "acme" });
    let written =
        serde_json::to_value(question.evaluation().with_properties(own.as_object().unwrap())).unwrap();
    let expected = json!({ "method": "jwt", "roles": ["editor"], "engine.roles": ["a"] });
    assert_eq!(written["subject"]["properties"], expected);
}

#[test]
fn prints_no_attribute_and_cuts_a_long_identifier() {
    let caller = alice();
    let question =
        Question::new(&caller, "read\n", "file", "é".repeat(100)).with_attribute("owner", "s3cret");
    assert_eq!(question.to_string(), format!(r"read\u{{a}} file/{}…", "é".repeat(64)));
    assert!(!format!("{question:?}").contains("s3cret"));
}

#[test]
fn a_failure_says_why_on_one_line() {
    let decision = unavailable("no\r\nanswer");
    assert_eq!((decision.is_allowed(), decision.reason()), (false, Reason::DecisionPointUnavailable));
    assert_eq!(decision.detail(), Some(r"no\u{d}\u{a}answer"));
}

proptest! {
    #[test]
    fn details_are_bounded_and_of_one_line(text in "(?s).{0,3000}") {
        let detail = detail(&text);
        prop_assert!(detail.len() <= MAX_DETAIL_OCTETS);
        prop_assert!(!detail.chars().any(portcullis_core::escape::is_unprintable));
    }

    #[test]
    fn any_text_can_be_asked_about(action in "\\PC{0,20}", kind in "(?s).{0,20}", id in "(?s).{0,200}") {
        let caller = alice();
        let question = Question::new(&caller, &*action, &*kind, &*id);
        let written = serde_json::to_value(&question).unwrap();
        prop_assert_eq!(written["resource"]["id"].as_str(), Some(id.as_str()));
        prop_assert!(!question.to_string().contains('\n'));
    }
}
