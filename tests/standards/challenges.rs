//! `WWW-Authenticate` and `Authorization` (RFC 6750 §2.1, §3, RFC 9110 §11), as a running stack sends and reads them.

use axum::body::Body;
use http::Request;
use portcullis::core::Challenge;
use portcullis::core::challenge::BearerError;
use serde_json::{Value, json};

use super::stack::{Stack, authorized};
use crate::support::challenges::{self, parse};
use crate::support::vectors::vectors;

const FILE: &str = "oauth-challenges/www-authenticate.json";

fn as_json(parsed: &[challenges::Challenge]) -> Value {
    let one = |challenge: &challenges::Challenge| {
        let parameters = challenge.parameters.iter().map(|(name, value)| (name.clone(), json!(value)));
        json!({"scheme": challenge.scheme, "params": parameters.collect::<serde_json::Map<_, _>>()})
    };
    parsed.iter().map(one).collect()
}

/// The judge of the tests below agrees with the RFCs.
#[test]
fn the_examples_of_the_rfcs_parse_as_they_say() {
    let Some(file) = vectors(FILE) else { return };
    for case in file["cases"].as_array().unwrap() {
        let parsed = parse(case["value"].as_str().unwrap()).expect("well-formed");
        assert_eq!(as_json(&parsed), case["challenges"], "{}", case["id"]);
    }
    for bad in
        ["realm=\"a\"", "Bearer realm=\"a", "Bearer realm=\"a\" error=\"b\"", "Bearer realm=\"a\"x", "\"a\""]
    {
        assert_eq!(parse(bad), None, "{bad}");
    }
}

/// A1.12: what we write by type is what the RFC has as text.
#[test]
fn challenges_of_rfc_6750_are_written_as_they_stand_there() {
    let Some(file) = vectors(FILE) else { return };
    for case in file["cases"].as_array().unwrap().iter().filter(|case| is_of_rfc_6750(case)) {
        let parameters = &case["challenges"][0]["params"];
        let mut challenge = Challenge::bearer(parameters["realm"].as_str().unwrap());
        if parameters["error"] == "invalid_token" {
            challenge = challenge.error(BearerError::InvalidToken);
        }
        if let Some(text) = parameters["error_description"].as_str() {
            challenge = challenge.error_description(text);
        }
        assert_eq!(challenge.to_string(), case["value"].as_str().unwrap());
    }
}

fn is_of_rfc_6750(case: &Value) -> bool {
    case["id"].as_str().is_some_and(|id| id.starts_with("6750"))
}

/// A1.7 to A1.12, A1.15: what the stack sends has the structure of the examples.
#[tokio::test]
async fn what_a_stack_sends_parses_into_the_same_structure() {
    let stack = Stack::new();
    let expired = stack.issuer.token("alice").claim("exp", 1_000_000_000).bearer();
    let weak = stack.issuer.token("alice").scope("other").bearer();
    let nothing = Request::get("/me").body(Body::empty()).unwrap();
    let login = Request::post("/login").body(Body::empty()).unwrap();
    let me = |authorization: &str| authorized("GET", "/me", authorization).body(Body::empty()).unwrap();
    for (request, status, expected) in [
        (nothing, 401, json!([{"scheme": "Bearer", "params": {"realm": "example"}}])),
        (
            me(&expired),
            401,
            json!([{"scheme": "Bearer", "params": {"realm": "example", "error": "invalid_token"}}]),
        ),
        (
            me("Bearer a b"),
            400,
            json!([{"scheme": "Bearer", "params": {"realm": "example", "error": "invalid_request"}}]),
        ),
        (
            me(&weak),
            403,
            json!([{"scheme": "Bearer", "params": {"realm": "example", "error": "insufficient_scope", "scope": "read"}}]),
        ),
        (login, 401, json!([{"scheme": "Basic", "params": {"realm": "example", "charset": "UTF-8"}}])),
    ] {
        let answer = stack.call(request).await;
        assert_eq!(answer.status, status, "{expected}");
        let challenges = answer.challenges();
        assert_eq!(as_json(&challenges), expected);
        // A1.11: a map would hide a name that stands twice.
        let names = expected[0]["params"].as_object().unwrap().len();
        assert_eq!(challenges[0].parameters.len(), names);
    }
}

/// A1.2, RFC 9110 §11.1.
#[tokio::test]
async fn the_scheme_is_read_in_every_spelling() {
    let Some(file) = vectors(FILE) else { return };
    let stack = Stack::new();
    let token = stack.issuer.token("alice").scope("read").sign();
    for spelling in file["authorization_scheme_case"].as_array().unwrap() {
        let scheme = spelling.as_str().unwrap().split(' ').next().unwrap();
        for credential in [&token, stack.api_key()] {
            assert_eq!(stack.me(format!("{scheme} {credential}")).await.status, 200, "{scheme}");
        }
        // The example's own token is nobody's here: 401, and not 400.
        assert_eq!(stack.me(spelling.as_str().unwrap()).await.status, 401, "{spelling}");
    }
}

/// A1.3, RFC 6750 §2.1.
#[tokio::test]
async fn what_is_no_token68_is_400_invalid_request() {
    let Some(file) = vectors(FILE) else { return };
    let stack = Stack::new();
    for bad in file["bad_b64token"].as_array().unwrap() {
        let answer = stack.me(bad.as_str().unwrap()).await;
        assert_eq!(answer.status, 400, "{bad}: {}", answer.body);
        assert_eq!(answer.challenges()[0].parameter("error"), Some("invalid_request"), "{bad}");
        assert_eq!(stack.last_reason(), "malformed_authorization", "{bad}");
    }
}
