//! The check API of OpenFGA.

use portcullis_authz::engine::Question;
use portcullis_core::{Clock, CredentialMethod, Decision, Principal, Reason};
use portcullis_decisions::{MAX_CONTEXTUAL_TUPLES, OpenFga, RemoteDecisionPoint, Tuple};
use serde_json::json;

use crate::support::{Engine, Reply, alice, ask, check_failure, http};

async fn allowing() -> Engine {
    Engine::start(|_| Reply::json(200, &json!({ "allowed": true, "resolution": "" }))).await
}

async fn ask_as(point: &RemoteDecisionPoint, caller: &Principal, asked: [&str; 3]) -> Decision {
    let [action, kind, id] = asked;
    Question::new(caller, action, kind, id).put_to(point).resolve().await
}

#[tokio::test]
async fn the_question_is_posted_as_a_tuple() {
    let engine = allowing().await;
    let point = OpenFga::at(&*engine.url, "01STORE")
        .model("01MODEL")
        .higher_consistency()
        .bearer("t0ken".into())
        .contextual_tuples(|question| {
            let user = format!("user:{}", question.caller().subject());
            question
                .caller()
                .roles()
                .map(|role| Tuple::new(&*user, "assignee", format!("role:{role}")))
                .collect()
        })
        .build(&Clock::system())
        .unwrap();
    let alice = alice();
    let question =
        Question::new(&alice, "can_read", "document", "7").with_context("hour", 9).with_attribute("a", 1);
    assert!(question.put_to(&point).resolve().await.is_allowed());
    let asked = engine.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/stores/01STORE/check"));
    assert_eq!(
        asked.body,
        json!({
            "tuple_key": { "user": "user:alice", "relation": "can_read", "object": "document:7" },
            "authorization_model_id": "01MODEL",
            "contextual_tuples": {
                "tuple_keys": [{ "user": "user:alice", "relation": "assignee", "object": "role:editor" }]
            },
            "context": { "hour": 9 },
            "consistency": "HIGHER_CONSISTENCY",
        })
    );
    assert_eq!(asked.headers["authorization"], "Bearer t0ken");
}

#[tokio::test]
async fn a_question_has_no_more_than_it_needs() {
    let engine = allowing().await;
    let point = OpenFga::at(&*engine.url, "s").with_client(http()).build(&Clock::system()).unwrap();
    assert!(ask(&point).await.is_allowed());
    let key = json!({ "user": "user:alice", "relation": "read", "object": "document:1" });
    assert_eq!(engine.asked()[0].body, json!({ "tuple_key": key }));
}

/// A user of the name of a client is not that client.
#[tokio::test]
async fn clients_users_and_those_of_ones_own_words_are_told_apart() {
    let engine = allowing().await;
    let client = Principal::builder("alice", CredentialMethod::Jwt).client_id("alice").build();
    let read = ["read", "document", "1"];
    let plain = OpenFga::at(&*engine.url, "s").with_client(http()).build(&Clock::system()).unwrap();
    let typed = OpenFga::at(&*engine.url, "s")
        .with_client(http())
        .subject_type("account")
        .build(&Clock::system())
        .unwrap();
    let own = OpenFga::at(&*engine.url, "s")
        .with_client(http())
        .user_by(|caller| caller.issuer().map(|_| format!("user:a-{}", caller.subject())))
        .build(&Clock::system())
        .unwrap();
    let known = Principal::builder("alice", CredentialMethod::Jwt).issuer("https://a.example").build();
    assert!(ask_as(&plain, &client, read).await.is_allowed());
    assert!(ask_as(&typed, &client, read).await.is_allowed());
    assert!(ask_as(&own, &known, read).await.is_allowed());
    let users: Vec<_> = engine.asked().iter().map(|asked| asked.body["tuple_key"]["user"].clone()).collect();
    assert_eq!(users, ["client:alice", "account:alice", "user:a-alice"]);
    assert!(!ask_as(&own, &client, read).await.is_allowed(), "nobody for whom there is no word");
    assert_eq!(engine.calls(), 3);
}

/// Two issuers may give the same subject to two people.
#[tokio::test]
async fn a_caller_of_another_issuer_is_not_the_user_of_that_name() {
    let engine = allowing().await;
    let built = |point: OpenFga| point.with_client(http()).build(&Clock::system()).unwrap();
    let of = |issuer: &str| Principal::builder("alice", CredentialMethod::Jwt).issuer(issuer).build();
    let (home, other) = (of("https://a.example"), of("https://b.example"));
    let read = ["read", "document", "1"];

    let plain = built(OpenFga::at(&*engine.url, "s"));
    let refused = ask_as(&plain, &home, read).await;
    assert_eq!((refused.is_allowed(), refused.reason()), (false, Reason::PolicyDenied));
    assert!(refused.detail().unwrap().contains("home_issuer"), "{refused:?}");
    let at_home = built(OpenFga::at(&*engine.url, "s").home_issuer("https://a.example"));
    assert!(!ask_as(&at_home, &other, read).await.is_allowed());
    assert_eq!(engine.calls(), 0, "nobody was asked");

    assert!(ask_as(&at_home, &home, read).await.is_allowed());
    assert!(!ask_as(&at_home, &alice(), read).await.is_allowed(), "whom the application itself knows");
    assert!(ask_as(&plain, &alice(), read).await.is_allowed(), "where there is no home");
    let alone = built(OpenFga::at(&*engine.url, "s").insecure_subject_alone());
    assert!(ask_as(&alone, &other, read).await.is_allowed());
}

#[tokio::test]
async fn what_cannot_be_written_as_a_tuple_is_refused_unasked() {
    let engine = allowing().await;
    let point = OpenFga::at(&*engine.url, "s").with_client(http()).build(&Clock::system()).unwrap();
    let long = "x".repeat(300);
    let cases = [
        ("*", ["read", "document", "1"]),
        ("", ["read", "document", "1"]),
        ("a b", ["read", "document", "1"]),
        ("group:eng", ["read", "document", "1"]),
        ("eng#member", ["read", "document", "1"]),
        ("alice\u{a0}", ["read", "document", "1"]),
        ("alice", ["", "document", "1"]),
        ("alice", ["read#x", "document", "1"]),
        ("alice", ["read@x", "document", "1"]),
        ("alice", [&"r".repeat(51), "document", "1"]),
        ("alice", ["read", "", "1"]),
        ("alice", ["read", "document", ""]),
        ("alice", ["read", "document", "*"]),
        ("alice", ["read", "document", "1#viewer"]),
        ("alice", ["read", "document", "1\n2"]),
        ("alice", ["read", "document", &long]),
    ];
    for (subject, asked) in cases {
        let caller = Principal::builder(subject, CredentialMethod::Jwt).build();
        let decision = ask_as(&point, &caller, asked).await;
        assert_eq!(
            (decision.is_allowed(), decision.reason()),
            (false, Reason::PolicyDenied),
            "{subject} {asked:?}"
        );
    }
    assert_eq!(engine.calls(), 0);
    // What is at the limits is asked.
    let caller = Principal::builder("x".repeat(512 - "user:".len()), CredentialMethod::Jwt).build();
    let id = "x".repeat(256 - "document:".len());
    assert!(ask_as(&point, &caller, [&"r".repeat(50), "document", &id]).await.is_allowed());
}

#[tokio::test]
async fn too_many_contextual_tuples_or_one_that_cannot_be_written_is_refused_unasked() {
    let engine = allowing().await;
    let with = |tuples: Vec<Tuple>| {
        let settings =
            OpenFga::at(&*engine.url, "s").with_client(http()).contextual_tuples(move |_| tuples.clone());
        settings.build(&Clock::system()).unwrap()
    };
    let tuple = Tuple::new("user:alice", "member", "group:a");
    assert!(ask(&with(vec![tuple.clone(); MAX_CONTEXTUAL_TUPLES])).await.is_allowed());
    assert!(!ask(&with(vec![tuple; MAX_CONTEXTUAL_TUPLES + 1])).await.is_allowed());
    assert!(!ask(&with(vec![Tuple::new("user:*", "member", "group:a")])).await.is_allowed());
    assert_eq!(engine.calls(), 1);
}

#[tokio::test]
async fn what_makes_no_sense_in_the_model_is_refused_and_other_400_are_failures() {
    let engine = allowing().await;
    let point = OpenFga::at(&*engine.url, "s").with_client(http()).build(&Clock::system()).unwrap();
    let error = json!({ "code": "validation_error", "message": "type 'document' not found" });
    engine.answer_with(Reply::json(400, &error));
    let decision = ask(&point).await;
    assert_eq!(decision.reason(), Reason::PolicyDenied);
    assert_eq!(decision.detail(), Some("validation_error: type 'document' not found"));
    for code in ["authorization_model_not_found", "latest_authorization_model_not_found", ""] {
        engine.answer_with(Reply::json(400, &json!({ "code": code, "message": "m" })));
        check_failure(&ask(&point).await, "status 400");
    }
    engine.answer_with(Reply::new(400, "text/plain", r#"{"code":"validation_error"}"#));
    check_failure(&ask(&point).await, "status 400");
}
