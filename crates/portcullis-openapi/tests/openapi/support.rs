//! Schemes that are only described, routes, and documents made by hand.

use http::{HeaderName, Method};
use portcullis_authn::{Authenticator, Credential, CredentialShape, TokenShape, TokenSupport};
use portcullis_core::{Challenge, CredentialMethod, Denial, Principal, Reason, RequestView, Step};
use portcullis_openapi::OpenApiSecurity;
use portcullis_stack::{RoutePolicy, RouteTable, Security, SecurityBuilder};
use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Paths};
use utoipa::openapi::{Info, OpenApi};

/// A scheme that takes nobody.
pub(crate) struct Stub {
    pub(crate) shapes: Vec<CredentialShape>,
    pub(crate) method: CredentialMethod,
    pub(crate) support: Option<TokenSupport>,
}

impl Stub {
    pub(crate) fn of(shape: CredentialShape) -> Self {
        Self { shapes: vec![shape], method: CredentialMethod::Other("stub"), support: None }
    }

    pub(crate) fn tokens(issuers: &[&'static str]) -> Self {
        let shapes = vec![CredentialShape::Bearer(TokenShape::Jwt)];
        Self {
            shapes,
            method: CredentialMethod::Jwt,
            support: Some(TokenSupport::new(issuers.iter().copied())),
        }
    }
}

impl Authenticator for Stub {
    fn shapes(&self) -> Vec<CredentialShape> {
        self.shapes.clone()
    }

    fn method(&self) -> CredentialMethod {
        self.method
    }

    fn authenticate(&self, _: &Credential<'_>, _: &RequestView<'_>) -> Step<Result<Principal, Denial>> {
        Step::Done(Err(Denial::new(Reason::TokenMalformed)))
    }

    fn challenge(&self, _: &CredentialShape, _: &str, _: Option<&Denial>) -> Option<Challenge> {
        None
    }

    fn token_support(&self) -> Option<TokenSupport> {
        self.support.clone()
    }
}

pub(crate) const KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Takes tokens and keys, and passwords where they are named.
pub(crate) fn security() -> Security {
    build(|security| {
        security
            .scheme("token", Stub::tokens(&["https://login.example.com"]))
            .scheme("key", Stub::of(CredentialShape::Header(KEY)))
    })
}

pub(crate) fn build(schemes: impl FnOnce(SecurityBuilder) -> SecurityBuilder) -> Security {
    schemes(Security::builder()).insecure_no_audit().insecure_unlimited_in_flight().build().unwrap()
}

pub(crate) fn table(security: &Security, rows: &[(&str, &str, RoutePolicy)]) -> RouteTable {
    let mut table = RouteTable::of(security);
    for (method, path, policy) in rows {
        let method: Option<Method> = (*method != "ANY").then(|| method.parse().unwrap());
        table.add(method, path, policy.clone(), "handler");
    }
    table
}

/// A document of these operations: method and path.
pub(crate) fn document(operations: &[(&str, &str)]) -> OpenApi {
    let mut paths = Paths::new();
    for (method, path) in operations {
        let method: HttpMethod = serde_json::from_value(method.to_lowercase().into()).unwrap();
        paths.add_path_operation(
            *path,
            vec![method],
            OperationBuilder::new().summary(Some("Does something")),
        );
    }
    OpenApi::new(Info::new("Test", "1"), paths)
}

/// The document of one route.
pub(crate) fn of_route(security: &Security, policy: RoutePolicy) -> Value {
    let table = table(security, &[("GET", "/a", policy)]);
    let written = OpenApiSecurity::new(security, &table).write(document(&[("GET", "/a")])).unwrap();
    serde_json::to_value(written).unwrap()
}

pub(crate) fn operation(document: &Value) -> &Value {
    &document["paths"]["/a"]["get"]
}
