//! Who is told why a request is refused.

use http::Response;
use http_body_util::Full;
use portcullis_authz::{authenticated, scope};
use serde_json::{Value, json};

use crate::support::{Bench, request, text};

async fn problem(response: Response<Full<bytes::Bytes>>) -> Value {
    serde_json::from_str(&text(response).await).unwrap()
}

/// The tree in the last event.
fn told(bench: &Bench) -> Value {
    let event = serde_json::to_value(bench.events.events().last().unwrap()).unwrap();
    let decisions = event.get("decisions").and_then(Value::as_array).unwrap();
    let rule = decisions.iter().find(|entry| entry.get("room") == Some(&json!("rule"))).unwrap();
    rule.get("explanation").unwrap().clone()
}

#[tokio::test]
async fn the_event_always_explains_and_the_caller_is_told_the_type_of_the_problem_alone() {
    let bench = Bench::new(|security| security);
    let refused = problem(bench.call(bench.as_alice("POST", "/notes/7")).await).await;
    let mut members: Vec<&String> = refused.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["status", "title", "type"]);
    let why = told(&bench);
    assert_eq!((&why["asked"], &why["finding"]), (&json!("scope(write)"), &json!("fails")));
    assert!(why["held"].as_str().unwrap().contains("read") && why["decisive"] == json!(true), "{why}");

    bench.call(bench.as_alice("GET", "/notes/7")).await;
    assert_eq!(told(&bench)["finding"], "holds", "what was allowed is explained too");
}

#[tokio::test]
async fn only_who_satisfies_the_rule_for_it_is_told_why() {
    let bench = Bench::new(|security| security.explain_denials_to(scope("read")));
    let refused = problem(bench.call(bench.as_alice("POST", "/notes/7")).await).await;
    assert_eq!(refused["explanation"], told(&bench));
    assert_eq!(refused["status"], 403);
    let anonymous = problem(bench.call(request("POST", "/notes/7")).await).await;
    assert!(anonymous.get("explanation").is_none(), "{anonymous}");

    let bench = Bench::new(|security| security.explain_denials_to(scope("debug")));
    let refused = problem(bench.call(bench.as_alice("POST", "/notes/7")).await).await;
    assert!(refused.get("explanation").is_none(), "{refused}");
}

#[test]
fn a_rule_for_it_that_means_nothing_is_an_error() {
    let security = portcullis_stack::Security::builder().insecure_no_audit();
    let errors = security.explain_denials_to(scope("two words")).build().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P206"]);
    // What is only watched would tell everybody.
    for watched in [scope("debug").shadowed(), authenticated().and(scope("debug").shadowed())] {
        let security = portcullis_stack::Security::builder().insecure_no_audit();
        let errors = security.explain_denials_to(watched).build().unwrap_err();
        assert_eq!(errors.codes().collect::<Vec<_>>(), ["P219"]);
    }
}
