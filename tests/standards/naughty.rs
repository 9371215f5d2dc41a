//! Hostile strings through a whole stack in process, where the octets need not survive a socket.

use axum::body::Body;
use http::{HeaderValue, Request};
use serde_json::json;

use super::stack::{Stack, authorized};
use crate::support::vectors::naughty_strings;

/// One answer and one event for each, and never the server's own fault.
#[tokio::test]
async fn every_naughty_string_everywhere_is_answered_and_recorded_on_one_line() {
    let stack = Stack::new();
    let token = stack.issuer.token("alice").scope("read").bearer();
    let mut sent = 0;
    for text in naughty_strings() {
        let mut requests = Vec::new();
        for (path, name) in
            [("/me", "authorization"), ("/me", "x-forwarded-for"), ("/login", "authorization")]
        {
            let value = if name == "authorization" { format!("Bearer {text}") } else { text.clone() };
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                requests.push(Request::get(path).header(name, value).body(Body::empty()).unwrap());
            }
        }
        if let Ok(request) = authorized("GET", &format!("/things/{text}"), &token).body(Body::empty()) {
            requests.push(request);
        }
        for body in [json!({ "text": text }).to_string(), text.clone()] {
            let request = authorized("POST", "/echo", &token).header("content-type", "application/json");
            requests.push(request.body(Body::from(body)).unwrap());
        }
        // A subject is text of the issuer's, and just as strange.
        let strange = stack.issuer.token("alice").scope("read").claim("sub", text.as_str()).bearer();
        requests.push(authorized("GET", "/me", strange).body(Body::empty()).unwrap());

        let count = requests.len();
        sent += count;
        for request in requests {
            let answer = stack.call(request).await;
            assert!((200..500).contains(&answer.status), "{text}: {} {}", answer.status, answer.body);
        }
        for event in stack.events.latest(count) {
            let line = serde_json::to_string(&event).unwrap();
            assert!(!line.chars().any(char::is_control), "{line}");
        }
    }
    assert_eq!(stack.events.events().len(), sent);
}
