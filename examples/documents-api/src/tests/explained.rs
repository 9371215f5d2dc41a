//! Each refusal can be explained from its audit line alone, and not from the answer.

use super::*;

/// The decision that refused, in the newest event.
async fn refusal(service: &Service) -> Value {
    let event = service.events().await.remove(0);
    let decisions = event["decisions"].as_array().unwrap();
    let refused = decisions.iter().rev().find(|decision| decision["effect"] == "deny");
    refused.unwrap_or_else(|| panic!("{event}")).clone()
}

/// The texts of what decided, and what was held instead.
fn decisive(tree: &Value) -> Vec<(String, String)> {
    let text = |name: &str| tree[name].as_str().unwrap_or_default().to_owned();
    let own = (tree["decisive"] == true).then(|| (text("asked"), text("held")));
    let parts = tree["parts"].as_array().into_iter().flatten().flat_map(decisive);
    own.into_iter().chain(parts).collect()
}

#[tokio::test]
async fn every_refusal_of_a_rule_says_what_was_asked_and_what_the_caller_had() {
    let service = Service::start().await;
    for (user, method, path, asked, held) in [
        ("rita", "POST", "/documents", "scope(documents:write)", "scopes: documents:read"),
        ("alice", "GET", "/admin/audit", "role(admin)", "roles: editor"),
    ] {
        let answer = service.call_as(user, method, path, r#"{"title":"x"}"#).await;
        answer.check_problem(403);
        assert!(answer.json().get("explanation").is_none(), "{}", answer.text);
        let refused = refusal(&service).await;
        assert_eq!(refused["room"], "rule");
        assert_eq!(decisive(&refused["explanation"]), [(asked.to_owned(), held.to_owned())], "{refused}");
    }
}

#[tokio::test]
async fn every_refusal_of_a_guard_says_which_conditions_failed() {
    let service = Service::start().await;
    let diary = service.path("Diary").await;
    let answer = service.get_as("bob", &diary).await;
    answer.check_problem(404);
    let refused = refusal(&service).await;
    assert_eq!((&refused["room"], &refused["reason"]), (&"guard".into(), &"resource_hidden".into()));
    let tree = &refused["explanation"];
    assert!(tree["asked"].as_str().unwrap().starts_with("Read Document/"), "{tree}");
    assert_eq!(tree["held"], "policy_denied");
    let parts = tree["parts"][0]["parts"].as_array().unwrap();
    let failed: Vec<_> = parts.iter().map(|part| part["asked"].as_str().unwrap()).collect();
    assert_eq!(failed, ["owner = ?", "visibility = ?"], "bob manages no team: {tree}");

    let absent = service.get_as("bob", "/documents/018bcfe5-6800-7abc-8def-0123456789ab").await;
    assert_eq!(absent.text, answer.text, "the answer tells neither");
    assert_eq!(refusal(&service).await["explanation"]["held"], "resource_not_found");
}

#[tokio::test]
async fn every_refusal_of_authentication_has_its_reason() {
    let service = Service::start().await;
    let token = service.bearer("alice").await;
    for (authorization, reason) in [
        ("Bearer x.y.z", "token_malformed"),
        (&*format!("{token}x"), "token_malformed"),
        ("Basic YWxpY2U6d3Jvbmc=", "scheme_not_accepted"),
        ("Digest x", "scheme_not_accepted"),
    ] {
        let call = request("GET", "/me").header(AUTHORIZATION, authorization).body(Body::empty()).unwrap();
        let answer = service.call(call).await;
        assert_eq!(answer.status, 401, "{authorization}");
        let refused = refusal(&service).await;
        assert_eq!((&refused["room"], &refused["reason"]), (&"authentication".into(), &reason.into()));
    }
}
