//! Metadata of the protected resource, and claims as an argument.

use axum::body::Body;
use http::{HeaderName, Request};
use portcullis_audit::MemorySink;
use portcullis_authn::{Authenticator, Credential, CredentialShape, TokenSupport};
use portcullis_authz::{anonymous, authenticated, scope};
use portcullis_axum::{App, Claims, Routes, SecureRouter, get};
use portcullis_core::{
    Challenge, Claims as AllClaims, CredentialMethod, Denial, Principal, RequestView, Scopes, Step,
};
use portcullis_stack::{ProtectedResource, Security};
use serde_json::Value;
use tower::ServiceExt;

use crate::support::text;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// Believes the claims that stand in a header.
struct Told;

const TOLD: HeaderName = HeaderName::from_static("x-claims");

impl Authenticator for Told {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![CredentialShape::Header(TOLD)]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Other("told")
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        _: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        let caller = Principal::builder("alice", self.method()).scopes(Scopes::parse("read").unwrap());
        Step::Done(Ok(caller.claims(AllClaims::from_checked_json(credential.expose())).build()))
    }

    fn challenge(&self, _: &CredentialShape, realm: &str, _: Option<&Denial>) -> Option<Challenge> {
        Some(Challenge::bearer(realm))
    }

    fn token_support(&self) -> Option<TokenSupport> {
        Some(TokenSupport::new(["https://login.example"]))
    }
}

#[derive(serde::Deserialize)]
struct Employee {
    department: String,
    floor: Option<u8>,
}

async fn desk(Claims(employee): Claims<Employee>) -> String {
    format!("{} {:?}", employee.department, employee.floor)
}

fn app() -> App {
    let security = Security::builder()
        .realm("r")
        .scheme("told", Told)
        .protected_resource(ProtectedResource::new("https://api.example/v1"))
        .audit(MemorySink::keeping(10))
        .build()
        .unwrap();
    let desks = Routes::new()
        .route("/desk", get(desk).requires(scope("read")))
        .route("/open", get(desk).requires(anonymous().or(authenticated())).optional())
        .route("/public", get(desk).public("by mistake"));
    SecureRouter::new(security).mount(Routes::new().nest("/v1", desks)).finish().unwrap()
}

async fn call(path: &str, claims: Option<&str>) -> axum::response::Response {
    let request = Request::get(path);
    let request = claims.into_iter().fold(request, |request, claims| request.header(TOLD, claims));
    app().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// A10.4 and A10.6: also under nested routers.
#[tokio::test]
async fn the_metadata_is_served_beside_the_routes_and_named_by_challenges() {
    let response = call(&format!("{WELL_KNOWN}/v1"), None).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let document: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(document["resource"], "https://api.example/v1");
    assert_eq!(document["scopes_supported"], serde_json::json!(["read"]));
    let refused = call("/v1/desk", None).await;
    let expected = format!(r#"Bearer realm="r", resource_metadata="https://api.example{WELL_KNOWN}/v1""#);
    assert_eq!(refused.headers()["www-authenticate"], expected);
    assert!(app().route_table().to_string().contains("OAuth protected resource metadata"));
    assert_eq!(call(WELL_KNOWN, None).await.status(), 404);
}

#[tokio::test]
async fn claims_of_the_right_form_reach_the_handler() {
    let reached = call("/v1/desk", Some(r#"{"department":"sales","floor":3,"other":1}"#)).await;
    assert_eq!(text(reached).await, "sales Some(3)");
    let reached = call("/v1/desk", Some(r#"{"department":"sales"}"#)).await;
    assert_eq!(text(reached).await, "sales None");
}

#[tokio::test]
async fn claims_of_another_form_are_403_and_a_missing_caller_is_401_or_500() {
    for claims in ["{}", r#"{"department":1}"#, r#"{"department":"sales","floor":-1}"#] {
        let refused = call("/v1/desk", Some(claims)).await;
        assert_eq!(refused.status(), 403, "{claims}");
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
        assert!(!text(refused).await.contains("department"));
    }
    assert_eq!(call("/v1/open", None).await.status(), 401);
    assert_eq!(call("/v1/public", None).await.status(), 500);
}
