//! Tokens of two tenants, and what is made with them through the API.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use multi_tenant::{READ, WRITE};
use portcullis::axum::App;
use portcullis_testkit::TestIssuer;
use serde_json::Value;
use tower::ServiceExt;

/// Tokens by name. Everyone has both scopes, so that what is refused is refused for another reason.
#[derive(Clone)]
pub(crate) struct Tokens(BTreeMap<&'static str, String>);

impl Tokens {
    pub(crate) fn new(issuer: &TestIssuer) -> Self {
        let people = [
            ("ann", Some("acme"), "member"),
            ("amy", Some("acme"), "admin"),
            ("gus", Some("globex"), "member"),
            ("gia", Some("globex"), "admin"),
            ("otto", None, "admin"),
        ];
        let token = |(name, tenant, role): (&'static str, Option<&str>, &str)| {
            let token = issuer.token(name).scope(&format!("{READ} {WRITE}")).claim("roles", vec![role]);
            let token = match tenant {
                Some(tenant) => token.claim("tenant", tenant),
                None => token,
            };
            (name, token.sign())
        };
        Self(people.map(token).into())
    }

    pub(crate) fn of(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).expect("somebody of that name")
    }
}

/// The API, as people use it.
#[derive(Clone)]
pub(crate) struct Api {
    app: App,
    tokens: Tokens,
}

impl Api {
    pub(crate) fn new(app: &App, tokens: &Tokens) -> Self {
        Self { app: app.clone(), tokens: tokens.clone() }
    }

    /// The number of a fresh project of that owner.
    pub(crate) async fn create(&self, owner: &str) -> u64 {
        let (status, project) = self.call(owner, "POST", "/mine/projects", r#"{"name":"Fresh"}"#).await;
        assert_eq!(status, StatusCode::CREATED);
        project.get("id").and_then(Value::as_u64).expect("a number")
    }

    /// Takes care that the caller's tenant has no project of that number.
    pub(crate) async fn remove(&self, admin: &str, id: u64) {
        self.call(admin, "DELETE", &format!("/mine/projects/{id}"), "").await;
    }

    /// The status and the JSON of the answer.
    pub(crate) async fn call(&self, name: &str, method: &str, path: &str, json: &str) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.tokens.of(name)))
            .header("content-type", "application/json")
            .body(Body::from(json.to_owned()))
            .expect("a request");
        let response = self.app.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}
