//! Each refusal can be explained from its audit line alone, and not from the answer.
//!
//! `Service::call` looks at every refusal of every test, and `tests/matrix.rs` at the line of every request of the matrix:
//! here stands what the lines say.

use super::bound::{Holder, token_of};
use super::*;

/// Names and values of header fields.
type Fields<'f> = &'f [(&'f str, &'f str)];

/// The decision that refused, in the newest event.
async fn refusal(service: &Service) -> Value {
    refused(&service.events().await[0])
}

fn refused(event: &Value) -> Value {
    let decisions = event["decisions"].as_array().unwrap();
    let refused = decisions.iter().rev().find(|decision| decision["effect"] == "deny");
    let refused = refused.unwrap_or_else(|| panic!("{event}")).clone();
    assert_eq!(refused["reason"], event["reason"], "{event}");
    refused
}

/// The texts of what decided, and what was held instead.
fn decisive(tree: &Value) -> Vec<(String, String)> {
    let text = |name: &str| tree[name].as_str().unwrap_or_default().to_owned();
    let own = (tree["decisive"] == true).then(|| (text("asked"), text("held")));
    let parts = tree["parts"].as_array().into_iter().flatten().flat_map(decisive);
    own.into_iter().chain(parts).collect()
}

fn text<'t>(part: &'t Value, name: &str) -> &'t str {
    part[name].as_str().unwrap_or_default()
}

/// What was compared, and what the document has.
fn compared(tree: &Value) -> Vec<(&str, &str, &str)> {
    let parts = tree["parts"].as_array().into_iter().flatten();
    parts.map(|part| (text(part, "asked"), text(part, "finding"), text(part, "held"))).collect()
}

fn get(path: &str) -> Builder {
    request("GET", path)
}

#[tokio::test]
async fn a_refusal_of_a_rule_says_what_was_asked_and_what_the_caller_had() {
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
async fn a_refusal_of_a_guard_says_what_was_compared_and_what_the_document_has() {
    let service = Service::start().await;
    let diary = service.path("Diary").await;
    let owner = ("owner = 'bob'", "fails", "'alice'");
    let visibility = ("visibility = 'public'", "fails", "'private'");
    for (method, action) in [("GET", "Read"), ("PUT", "Write"), ("DELETE", "Delete")] {
        let answer = service.call_as("bob", method, &diary, r#"{"title":"x"}"#).await;
        answer.check_problem(404);
        assert!(!answer.text.contains("alice"), "{}", answer.text);
        let refused = refusal(&service).await;
        assert_eq!((&refused["room"], &refused["reason"]), (&"guard".into(), &"resource_hidden".into()));
        let tree = &refused["explanation"];
        assert!(tree["asked"].as_str().unwrap().starts_with(&format!("{action} Document/")), "{tree}");
        assert_eq!(tree["held"], "policy_denied");
        match action {
            "Read" => {
                assert_eq!(compared(&tree["parts"][0]), [owner, visibility], "bob manages no team: {tree}")
            }
            _ => assert_eq!(compared(tree), [owner], "{tree}"),
        }

        let absent = "/documents/018bcfe5-6800-7abc-8def-0123456789ab";
        let absent = service.call_as("bob", method, absent, r#"{"title":"x"}"#).await;
        assert_eq!(absent.text, answer.text, "the answer tells neither");
        let tree = refusal(&service).await["explanation"].clone();
        let asked = decisive(&tree);
        assert!(matches!(asked.as_slice(), [(_, held)] if held == "resource_not_found"), "{tree}");
        assert!(tree.to_string().contains(r#""finding":"not_asked""#), "{tree}");
    }
    // Whoever manages teams is told of none that is not theirs.
    let budget = service.get_as("maria", &diary).await;
    budget.check_problem(404);
    let tree = refusal(&service).await["explanation"]["parts"][0].clone();
    assert!(compared(&tree).contains(&("team in ('engineering')", "fails", "null")), "{tree}");
}

#[tokio::test]
async fn a_refusal_of_a_body_by_its_policy_says_what_was_asked_and_who_called() {
    let (service, key) = outside::start_with_issuer().await;
    let bearer = outside::token(&key, |claims| claims["scope"] = "documents:write".into());
    let body = r#"{"title":"x","team":"engineering"}"#;
    let call = with_json(request("POST", "/documents").header(AUTHORIZATION, bearer), body);
    service.call(call).await.check_problem(403);
    let refused = refusal(&service).await;
    assert_eq!(refused["detail"], "Create NewDocument: policy_denied, only users add documents to a team");
    let expected =
        ("no team, or a user of the service".to_owned(), "a caller of https://idp.example".to_owned());
    assert_eq!(decisive(&refused["explanation"]), [expected]);
}

/// A refused credential is not told, since it is a secret: where it stood, and what the route takes, are.
#[tokio::test]
async fn a_refusal_of_authentication_says_what_was_sent_and_what_the_route_takes() {
    let service = Service::start().await;
    let token = service.bearer("alice").await;
    let (auth, key) = ("authorization", "x-api-key");
    let takes = "the route takes token, key";
    let cases: &[(Fields<'_>, u16, &str, &str)] = &[
        (&[(auth, "Bearer CANARY.y.z")], 401, "token_malformed", ""),
        (&[(auth, &format!("{token}x"))], 401, "token_malformed", ""),
        (&[(auth, "Basic Q0FOQVJZOkNBTkFSWQ==")], 401, "scheme_not_accepted", "a credential of `password`; "),
        (&[(auth, "Basic Q0FOQVJZOkNBTkFSWQ==")], 401, "scheme_not_accepted", takes),
        (&[(auth, "Digest CANARY")], 401, "scheme_not_accepted", "no scheme takes `Digest`; "),
        (&[(auth, "CANARY x")], 401, "scheme_not_accepted", "an authorization scheme that nobody takes; "),
        (&[(auth, "Bearer")], 400, "malformed_authorization", "not followed by exactly one credential"),
        (&[(auth, "=CANARY")], 400, "malformed_authorization", "does not begin with the name of a scheme"),
        (&[(auth, "Bearer a"), (auth, "Bearer CANARY")], 400, "repeated_credential_field", "`authorization`"),
        (&[(key, "a"), (key, "CANARY")], 400, "repeated_credential_field", "`x-api-key`"),
        (&[(auth, &token), (key, "CANARY")], 400, "multiple_credentials", "in authorization and x-api-key"),
        (&[(key, "docs_CANARY")], 401, "api_key_unknown", "the key in `x-api-key` is none of ours"),
        (&[(auth, &token.replace("Bearer", "DPoP"))], 401, "dpop_proof_missing", ""),
    ];
    for (fields, status, reason, detail) in cases {
        let call = fields.iter().fold(get("/me"), |call, (name, value)| call.header(*name, *value));
        let answer = service.call(call.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, *status, "{reason}: {}", answer.text);
        let event = &service.events().await[0];
        assert!(!event.to_string().contains("CANARY"), "{event}");
        let refused = refused(event);
        assert_eq!((&refused["room"], &refused["reason"]), (&"authentication".into(), &(*reason).into()));
        let told = refused["detail"].as_str().unwrap();
        assert!(!told.is_empty() && told.contains(detail), "{reason}: {told}");
    }
    service.call(get("/me").body(Body::empty()).unwrap()).await.check_problem(401);
    let expected = ("a credential of one of: token, key".to_owned(), "no credential".to_owned());
    assert_eq!(decisive(&refusal(&service).await["explanation"]), [expected]);
}

#[tokio::test]
async fn a_refusal_of_a_proof_says_what_is_wrong_with_it() {
    let alice = Holder::with(|_| {}).await;
    let token = token_of(&alice.login("").await);
    let proof = alice.proof("GET", "/me", &token, "");
    let other = alice.proof("GET", "/documents", &token, "");
    for (proof, reason) in [
        (Some(&proof), None),
        (Some(&proof), Some("dpop_proof_replayed")),
        (Some(&other), Some("dpop_proof_mismatch")),
        (Some(&"x".to_owned()), Some("dpop_proof_malformed")),
        (None, Some("dpop_proof_missing")),
    ] {
        let call = get("/me").header(AUTHORIZATION, format!("DPoP {token}"));
        let call = proof.into_iter().fold(call, |call, proof| call.header("dpop", proof));
        let answer = alice.service.call(call.body(Body::empty()).unwrap()).await;
        let Some(reason) = reason else {
            assert_eq!(answer.status, 200, "{}", answer.text);
            continue;
        };
        answer.check_problem(401);
        let refused = refusal(&alice.service).await;
        assert_eq!(refused["reason"], reason);
        assert!(refused["detail"].as_str().is_some_and(|told| !told.is_empty()), "{refused}");
    }
}

/// Whose login is locked, and by which quota.
#[tokio::test]
async fn a_refused_login_names_its_user_and_no_name_that_is_none() {
    let service = Service::start().await;
    let detail = async |user: &str, status: u16| {
        service.call(login(user, "CANARY-PASSWORD")).await.check_problem(status);
        let event = service.events().await.remove(0);
        assert!(!event.to_string().contains("CANARY"), "{event}");
        refused(&event)
    };
    for _ in 0..10 {
        let told = detail("alice", 401).await;
        assert_eq!(told["detail"], "password does not match: user `alice`");
    }
    let told = detail("alice", 429).await;
    assert_eq!((&told["reason"], &told["detail"]), (&"attempts_exceeded".into(), &"user `alice`".into()));
    let quota = decisive(&told["explanation"]).remove(0);
    assert_eq!(quota.0, "quota login-user: 10 per 60 s by attempted-user");
    assert_eq!(quota.1, "used up");

    // It may be a password in the wrong field: the tag says that it is the same one again.
    let mut tags = Vec::new();
    for status in [401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 429] {
        let told = detail("CANARY-NAME", status).await["detail"].as_str().unwrap().to_owned();
        let start = if status == 401 { "no such user: #" } else { "a name of which no user is known, #" };
        assert!(told.starts_with(start), "{told}");
        tags.push(told.split_once('#').unwrap().1.to_owned());
    }
    assert!(tags.iter().all(|tag| *tag == tags[0]), "{tags:?}");
}

#[tokio::test]
async fn a_refusal_of_a_limit_says_which_quota_it_is_and_who_is_counted() {
    let service = Service::with(|mut options, _| {
        options.rate = "2/60".parse().unwrap();
        options
    })
    .await;
    let health = async || service.call(get("/health").body(Body::empty()).unwrap()).await;
    for _ in 0..2 {
        assert_eq!(health().await.status, 200);
    }
    health().await.check_problem(429);
    let mut call = get("/admin/audit").header(AUTHORIZATION, service.bearer("adam").await);
    call = call.header("accept", "application/json");
    let events = service.call_from([127, 0, 0, 2], call.body(Body::empty()).unwrap()).await.json();
    let event = &events[0];
    assert_eq!(event["client"], "127.0.0.1");
    let quota = decisive(&refused(event)["explanation"]).remove(0);
    assert_eq!(quota.0, "quota client: 2 per 60 s by client-ip");
    assert_eq!(quota.1, "used up");
}

/// What the caller is told of the request, the audit has too.
#[tokio::test]
async fn a_refusal_of_what_was_sent_says_what_was_wrong_with_it() {
    let service = Service::start().await;
    let bearer = service.bearer("alice").await;
    let huge = format!(r#"{{"title":"x","body":"{}"}}"#, "x".repeat(3 << 20));
    let announced = huge.len().to_string();
    let json = ("content-type", "application/json");
    let cases: &[(&str, &str, Fields<'_>, &str, &str, &str)] = &[
        ("POST", "/documents", &[json], "not json", "malformed_request", "line 1 column"),
        ("POST", "/documents", &[json], r#"{"title":""}"#, "unprocessable_body", "a title is one line"),
        ("POST", "/documents", &[json], &huge, "body_too_large", "limit"),
        (
            "POST",
            "/documents",
            &[json, ("content-length", &announced)],
            &huge,
            "body_too_large",
            "524288 octets",
        ),
        ("POST", "/documents", &[], "title=x", "unsupported_media_type", "application/json"),
        ("GET", "/documents?limit=0", &[], "", "malformed_request", "1 to 1000"),
        ("GET", "/documents/../admin/audit", &[], "", "ambiguous_path", "the path has a dot segment"),
        ("GET", "/documents%2F1", &[], "", "ambiguous_path", "the path has an encoded slash"),
        ("GET", "/documents/1", &[], "", "resource_not_found", "the identifier does not parse"),
        ("GET", "/nowhere", &[], "", "route_not_found", "no route has this path"),
        ("PATCH", "/documents", &[], "", "method_not_allowed", "the path has other methods"),
    ];
    for (method, path, fields, body, reason, detail) in cases {
        let call = request(method, path).header(AUTHORIZATION, &bearer);
        let call = fields.iter().fold(call, |call, (name, value)| call.header(*name, *value));
        let answer = service.call(call.body(Body::from((*body).to_owned())).unwrap()).await;
        assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.text);
        let refused = refusal(&service).await;
        assert_eq!(refused["reason"], *reason, "{method} {path}");
        let told = refused["detail"].as_str().unwrap_or_default();
        assert!(told.contains(detail), "{method} {path}: {refused}");
    }
    let call = get("/me").header(AUTHORIZATION, &bearer).body(Body::empty()).unwrap();
    service.call_from([192, 0, 2, 1], call).await.check_problem(400);
    let told = refusal(&service).await;
    assert!(told["detail"].as_str().is_some_and(|told| !told.is_empty()), "{told}");
}

/// A text that a client sends may be a secret in the wrong field: the caller is told of it, the audit is not.
#[tokio::test]
async fn a_refused_body_leaves_nothing_of_itself_in_the_audit() {
    let service = Service::start().await;
    for body in [
        r#"{"title":"x","CANARY":1}"#,
        r#"{"title":"x","visibility":"CANARY"}"#,
        r#"{"title":["CANARY"]}"#,
        r#"{"title":"x","team":{"CANARY":"CANARY"}}"#,
        r#""CANARY""#,
        "CANARY",
    ] {
        let answer = service.call_as("alice", "POST", "/documents", body).await;
        assert!([400, 422].contains(&answer.status), "{body}: {}", answer.text);
        let event = service.events().await.remove(0);
        assert!(!event.to_string().contains("CANARY"), "{body}: {event}");
        assert!(refused(&event)["detail"].as_str().is_some_and(|told| !told.is_empty()), "{event}");
    }
    let query = service.get_as("alice", "/documents?CANARY=CANARY").await;
    query.check_problem(400);
    let event = service.events().await.remove(0);
    assert!(!event.to_string().contains("CANARY"), "{event}");
}
