//! What a refused caller is told, whoever refused.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query};
use http::{HeaderValue, StatusCode};
use portcullis_authz::{anonymous, authenticated, role, scope};
use portcullis_axum::{Routes, get, post};
use portcullis_core::{Denial, Principal, Reason, RefusedRequest, Rendered};
use serde::Deserialize;

use crate::support::{Bench, head_of_problem, problem, request, text};

#[derive(Deserialize)]
struct New {
    #[expect(dead_code, reason = "only parsed")]
    title: String,
}

fn bench() -> Bench {
    async fn create(_: Json<New>) {}
    async fn number(_: Path<u64>, _: Query<New>) {}
    Bench::new(
        Routes::new()
            .route(
                "/documents",
                get(async || "list").requires(scope("read")).post(create).requires(scope("read")),
            )
            .route("/documents/{id}", get(number).requires(authenticated()))
            .route("/write", post(async || ()).requires(scope("write").and(scope("extra"))))
            .route("/admin", get(async || ()).requires(role("admin")))
            .route(
                "/refuse",
                get(async || Err::<(), _>(Denial::new(Reason::ResourceHidden))).requires(authenticated()),
            )
            .route(
                "/teapot",
                get(async || (StatusCode::BAD_REQUEST, "my own text")).requires(authenticated()),
            )
            .route("/panic", get(panics).requires(authenticated())),
    )
}

#[expect(clippy::panic, reason = "a handler that fails")]
async fn panics() {
    panic!("SECRET of the handler");
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405_with_allow() {
    let bench = bench();
    let missing = bench.call(bench.as_alice("GET", "/nowhere")).await;
    assert_eq!((head_of_problem(&missing), bench.last_reason()), (404, "route_not_found"));
    let wrong = bench.call(bench.as_alice("DELETE", "/documents")).await;
    assert_eq!((head_of_problem(&wrong), bench.last_reason()), (405, "method_not_allowed"));
    assert_eq!(wrong.headers()["allow"], "GET,HEAD,POST");
}

/// A1.7, A1.8: 401 with a challenge, and no error if nothing was sent.
#[tokio::test]
async fn a_missing_credential_is_401_and_a_missing_scope_or_role_403() {
    let bench = bench();
    let anonymous = bench.call(request("GET", "/documents")).await;
    assert_eq!((head_of_problem(&anonymous), bench.last_reason()), (401, "missing_credentials"));
    let challenge = anonymous.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("realm=\"test\"") && !challenge.contains("error="), "{challenge}");
    let weak = bench.call(bench.as_alice("POST", "/write")).await;
    assert_eq!((head_of_problem(&weak), bench.last_reason()), (403, "insufficient_scope"));
    let no_admin = bench.call(bench.as_alice("GET", "/admin")).await;
    assert_eq!((head_of_problem(&no_admin), bench.last_reason()), (403, "insufficient_role"));
}

#[tokio::test]
async fn what_an_extractor_rejects_becomes_a_problem_with_a_reason() {
    let bench = bench();
    let post = |body: &'static str, media_type: &'static str| {
        let request = bench.as_alice("POST", "/documents").header("content-type", media_type);
        bench.send(request.body(Body::from(body)).unwrap())
    };
    for (body, media_type, status, reason) in [
        ("{\"title\":\"t\"}", "application/json", 200, "-"),
        ("{\"title\":", "application/json", 400, "malformed_request"),
        ("{\"name\":\"t\"}", "application/json", 422, "unprocessable_body"),
        ("{\"title\":\"t\"}", "text/plain", 415, "unsupported_media_type"),
    ] {
        let response = post(body, media_type).await;
        assert_eq!((response.status().as_u16(), bench.last_reason()), (status, reason), "{body}");
        if status != 200 {
            assert!(problem(response).await["detail"].is_string());
        }
    }
    for path in ["/documents/x?title=t", "/documents/7", "/documents/7?title"] {
        let response = bench.call(bench.as_alice("GET", path)).await;
        let expected = if path.ends_with("?title") { 200 } else { 400 };
        assert_eq!(response.status(), expected, "{path}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let bench = bench();
    let request = bench.as_alice("POST", "/documents").header("content-type", "application/json");
    let huge = format!("{{\"title\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    let response = bench.send(request.body(Body::from(huge)).unwrap()).await;
    assert_eq!((head_of_problem(&response), bench.last_reason()), (413, "body_too_large"));
}

#[tokio::test]
async fn a_handlers_own_answer_is_left_alone_and_its_refusal_goes_through_the_one_door() {
    let bench = bench();
    let own = bench.call(bench.as_alice("GET", "/teapot")).await;
    assert_eq!((own.status().as_u16(), text(own).await.as_str()), (400, "my own text"));
    let refused = bench.call(bench.as_alice("GET", "/refuse")).await;
    assert_eq!((head_of_problem(&refused), bench.last_reason()), (404, "resource_hidden"));
}

#[tokio::test]
async fn a_panic_is_a_500_that_says_nothing() {
    let bench = bench();
    let response = bench.call(bench.as_alice("GET", "/panic")).await;
    assert_eq!((head_of_problem(&response), bench.last_reason()), (500, "panicked"));
    assert!(!text(response).await.contains("SECRET"));
}

#[tokio::test]
async fn head_is_answered_without_a_body_refused_or_not() {
    let bench = bench();
    for request in [bench.as_alice("HEAD", "/documents"), request("HEAD", "/documents")] {
        let response = bench.call(request).await;
        assert_eq!(text(response).await, "");
    }
}

#[tokio::test]
async fn a_grpc_call_is_refused_by_grpc_status() {
    let bench = bench();
    let response = bench.call(request("POST", "/documents").header("content-type", "application/grpc")).await;
    assert_eq!(
        (response.status().as_u16(), response.headers()["grpc-status"].to_str().unwrap()),
        (200, "16")
    );
    let missing = bench.call(request("POST", "/nowhere").header("content-type", "application/grpc")).await;
    assert_eq!(missing.headers()["grpc-status"], "5");
}

#[tokio::test]
async fn one_renderer_writes_every_body() {
    let plain = |denial: &Denial, _: &RefusedRequest| {
        Rendered::new(HeaderValue::from_static("text/plain"), format!("no: {}", denial.kind().title()))
    };
    let routes = Routes::new()
        .route("/a", get(async || Err::<(), _>(Denial::new(Reason::PolicyDenied))).requires(authenticated()))
        .route("/panic", get(panics).requires(authenticated()));
    let bench = Bench::with(routes, |security| security.renderer(plain));
    for (path, status, body) in [
        ("/a", 403, "no: Not allowed"),
        ("/panic", 500, "no: The server failed"),
        ("/none", 404, "no: Not found"),
    ] {
        let response = bench.call(bench.as_alice("GET", path)).await;
        assert_eq!((response.status().as_u16(), text(response).await.as_str()), (status, body));
    }
}

/// RFC 9110 §15.5.2: a 401 has a challenge, also where an extractor wants a caller.
#[tokio::test]
async fn an_extractor_that_wants_a_caller_challenges_the_anonymous() {
    async fn me(_: Principal) {}
    let open = anonymous().or(authenticated());
    let bench = Bench::new(Routes::new().route("/me", get(me).requires(open).optional()));
    let response = bench.call(request("GET", "/me")).await;
    assert_eq!((head_of_problem(&response), bench.last_reason()), (401, "missing_credentials"));
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("realm=\"test\"") && !challenge.contains("error="), "{challenge}");
}
