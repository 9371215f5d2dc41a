//! Rejections of extractors that axum and applications bring: each keeps its status and its fields, and has a reason.

use std::collections::HashMap;

use axum::Json;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Query};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use portcullis_axum::{Routes, any, get};
use serde_json::json;

use crate::support::{Bench, head_of_problem, problem, request, text};

/// Rejects as the query says.
struct Rejects;

impl<S: Send + Sync> FromRequestParts<S> for Rejects {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let query = Query::<HashMap<String, String>>::from_request_parts(parts, state).await.unwrap();
        let named = |name: &str| query.get(name).cloned().unwrap_or_default();
        let status = StatusCode::from_u16(named("status").parse().unwrap()).unwrap();
        Err(match named("as").as_str() {
            "text" => (status, "the words \"hunter2\" of the extractor").into_response(),
            "empty" => status.into_response(),
            "retry" => (status, [("retry-after", "7"), ("set-cookie", "a=b")], "slow down").into_response(),
            "challenge" => (status, [("www-authenticate", "Custom realm=\"x\"")], "who?").into_response(),
            "allow" => (status, [("allow", "PUT")], "put it").into_response(),
            "upgrade" => {
                (status, [("upgrade", "HTTP/2.0"), ("connection", "upgrade")], "newer").into_response()
            }
            "cached" => {
                let fields = [("cache-control", "max-age=60"), ("content-language", "en"), ("x-own", "1")];
                (status, fields, "kept?").into_response()
            }
            "json" => (status, Json(json!({ "own": true }))).into_response(),
            "html" => (status, Html("<p>own</p>")).into_response(),
            "problem" => {
                let own = json!({ "type": "urn:own" }).to_string();
                (status, [("content-type", "application/problem+json")], own).into_response()
            }
            _ => Redirect::to("/elsewhere").into_response(),
        })
    }
}

fn bench() -> Bench {
    async fn rejects(_: Rejects) {}
    async fn socket(socket: WebSocketUpgrade) -> Response {
        socket.on_upgrade(async |_| {})
    }
    Bench::new(
        Routes::new()
            .route("/rejects", get(rejects).public("test"))
            .route("/socket", any(socket).public("test"))
            .route("/own", get(async || (StatusCode::CONFLICT, "my own text")).public("test")),
    )
}

async fn rejected(bench: &Bench, status: u16, form: &str) -> Response {
    bench.call(request("GET", &format!("/rejects?status={status}&as={form}"))).await
}

#[tokio::test]
async fn a_rejection_in_plain_text_keeps_its_status_and_has_a_reason() {
    let bench = bench();
    for (status, title, reason) in [
        (401, "Authentication is required", "extractor_rejected"),
        (403, "Not allowed", "extractor_rejected"),
        (404, "Not found", "extractor_rejected"),
        (405, "The method is not allowed here", "method_not_allowed"),
        (409, "Conflict", "extractor_rejected"),
        (410, "Gone", "extractor_rejected"),
        (426, "Upgrade Required", "extractor_rejected"),
        (429, "The quota is used up", "extractor_rejected"),
        (499, "Refused", "extractor_rejected"),
        (501, "Not Implemented", "internal_error"),
        (503, "Temporarily unavailable", "internal_error"),
    ] {
        for form in ["text", "empty"] {
            let response = rejected(&bench, status, form).await;
            assert_eq!(
                (head_of_problem(&response), bench.last_reason()),
                (status, reason),
                "{status} {form}"
            );
            let event = bench.events.events().pop().unwrap();
            assert_eq!(event.status().unwrap().as_u16(), status);
            let told = problem(response).await;
            assert_eq!(told["title"], title, "{status}");
            // Of its own faults the server tells nothing, nor the audit what a client may have sent.
            let is_told = form == "text" && status < 500;
            assert_eq!(told["detail"].as_str().is_some_and(|detail| detail.contains("the words")), is_told);
            let decisions = event.decisions();
            let mut details = decisions.iter().rev().filter_map(|decision| decision.detail.as_deref());
            let detail = details.next().unwrap();
            assert!(!detail.is_empty(), "{status} {form}");
            assert!(status >= 500 || !detail.contains("hunter2"), "{detail}");
        }
    }
}

#[tokio::test]
async fn the_fields_of_a_rejection_stay_but_for_those_of_its_content() {
    let bench = bench();
    for (status, form, fields) in [
        (429, "retry", &[("retry-after", "7"), ("set-cookie", "a=b")][..]),
        (415, "retry", &[("retry-after", "7")]),
        (503, "retry", &[("retry-after", "7")]),
        (401, "challenge", &[("www-authenticate", "Custom realm=\"x\"")]),
        (405, "allow", &[("allow", "PUT")]),
        (426, "upgrade", &[("upgrade", "HTTP/2.0"), ("connection", "upgrade")]),
        (409, "cached", &[("x-own", "1"), ("cache-control", "no-store")]),
    ] {
        let response = rejected(&bench, status, form).await;
        assert_eq!(head_of_problem(&response), status, "{form}");
        for (name, value) in fields {
            let values: Vec<_> = response.headers().get_all(*name).iter().collect();
            assert_eq!(values, [value], "{name}");
        }
        assert!(!response.headers().contains_key("content-language"));
    }
}

#[tokio::test]
async fn what_an_application_renders_itself_stays_as_it_is() {
    let bench = bench();
    for (form, status, body) in [
        ("json", 409, r#"{"own":true}"#),
        ("html", 404, "<p>own</p>"),
        ("problem", 409, r#"{"type":"urn:own"}"#),
        ("redirect", 303, ""),
    ] {
        let response = rejected(&bench, status, form).await;
        assert_eq!(response.status(), status, "{form}");
        assert_eq!(text(response).await, body);
    }
    // And so does what a handler answers.
    let own = bench.call(request("GET", "/own")).await;
    assert_eq!((own.status().as_u16(), text(own).await.as_str()), (409, "my own text"));
}

/// RFC 9110 §15.5.6, §15.5.22: axum's own extractor says neither `Allow` nor `Upgrade`.
#[tokio::test]
async fn a_request_that_is_no_handshake_of_a_websocket_is_refused_by_a_problem() {
    let bench = bench();
    let wrong = bench.call(request("POST", "/socket")).await;
    assert_eq!((head_of_problem(&wrong), bench.last_reason()), (405, "method_not_allowed"));
    assert_eq!(wrong.headers()["allow"], "GET");

    let plain = bench.call(request("GET", "/socket")).await;
    assert_eq!((head_of_problem(&plain), bench.last_reason()), (400, "malformed_request"));

    let handshake = request("GET", "/socket")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    // There is no connection that could be upgraded.
    let stuck = bench.send(handshake.body(Body::empty()).unwrap()).await;
    assert_eq!((head_of_problem(&stuck), bench.last_reason()), (426, "extractor_rejected"));
    assert_eq!(stuck.headers()["upgrade"], "websocket");
    assert_eq!(stuck.headers()["connection"], "upgrade");
    assert_eq!(problem(stuck).await["title"], "Upgrade Required");
}
