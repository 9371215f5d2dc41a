//! An application with an API key and a recorded audit, and what is needed to call it.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::request::Builder;
use http::{HeaderName, Request};
use portcullis_audit::MemorySink;
use portcullis_authn::{ApiKey, ApiKeySet, ApiKeys};
use portcullis_axum::{App, Routes, SecureRouter};
use portcullis_core::{CredentialMethod, Principal, Scopes, Secret};
use portcullis_stack::{Security, SecurityBuilder};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) struct Bench {
    pub(crate) app: App,
    pub(crate) events: MemorySink,
    key: Secret,
}

/// The header that carries the key.
pub(crate) const KEY: HeaderName = HeaderName::from_static("x-api-key");

impl Bench {
    /// The routes behind a key of alice, who holds `read` and is an `editor`.
    pub(crate) fn new(routes: Routes) -> Self {
        Self::with(routes, |security| security)
    }

    pub(crate) fn with(routes: Routes, change: impl FnOnce(SecurityBuilder) -> SecurityBuilder) -> Self {
        let (security, key, events) = security();
        let app = SecureRouter::new(change(security).build().unwrap()).mount(routes).finish().unwrap();
        Self { app, events, key }
    }

    /// A request with alice's key.
    pub(crate) fn as_alice(&self, method: &str, path: &str) -> Builder {
        request(method, path).header(KEY, self.key.expose())
    }

    pub(crate) async fn call(&self, request: Builder) -> Response {
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response {
        self.app.clone().oneshot(request).await.unwrap()
    }

    /// The reason in the last event.
    #[track_caller]
    pub(crate) fn last_reason(&self) -> &'static str {
        self.events.events().last().unwrap().reason().map_or("-", |reason| reason.code())
    }
}

pub(crate) fn security() -> (SecurityBuilder, Secret, MemorySink) {
    let alice = Principal::builder("alice", CredentialMethod::ApiKey)
        .scopes(Scopes::parse("read").unwrap())
        .role("editor")
        .build();
    let (secret, key) = ApiKey::generate("test_", "alice-1", alice).unwrap();
    let keys = ApiKeys::header(KEY).keys(ApiKeySet::new([key]).unwrap());
    let events = MemorySink::keeping(100);
    (Security::builder().realm("test").scheme("key", keys).audit(events.clone()), secret, events)
}

pub(crate) fn request(method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(path)
}

/// The problem document of a refusal, after checking what every refusal has.
#[track_caller]
pub(crate) fn head_of_problem(response: &Response) -> u16 {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    response.status().as_u16()
}

pub(crate) async fn problem(response: Response) -> Value {
    let status = head_of_problem(&response);
    let problem: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(problem["status"], status);
    problem
}

pub(crate) async fn text(response: Response) -> String {
    let body = to_bytes(response.into_body(), 64 * 1024).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}
