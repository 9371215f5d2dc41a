//! `tower-oauth2-resource-server` with keys that it has already, and the stack that is commonly built with it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use portcullis_testkit::Algorithm;
use serde::Deserialize;
use tower::{ServiceBuilder, service_fn};
use tower_governor::GovernorLayer;
use tower_oauth2_resource_server::layer::OAuth2ResourceServerLayer;
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;
use tower_oauth2_resource_server::validation::ClaimsValidationSpec;

use crate::case::Case;
use crate::cases::{Entry, answer, router};
use crate::drive::{Template, calls, runtime};
use crate::peers::governed::{governed, plenty};
use crate::tokens::{bearer, issuer, key_set};

pub(super) const CASES: &[Entry] = &[
    ("oauth2-rs 401", || {
        calls(protected(router(), Algorithm::Es256), &Template::anonymous(), StatusCode::UNAUTHORIZED)
    }),
    ("oauth2-rs eddsa", || good(Algorithm::EdDsa)),
    ("oauth2-rs es256", || good(Algorithm::Es256)),
    ("oauth2-rs full es256", || full(Algorithm::Es256)),
    ("oauth2-rs full hs256", || full(Algorithm::Hs256)),
    ("oauth2-rs full es256 over tower", || full_over_tower(Algorithm::Es256)),
    ("oauth2-rs hs256", || good(Algorithm::Hs256)),
    ("oauth2-rs rs256", || good(Algorithm::Rs256)),
];

#[derive(Clone, Deserialize)]
#[expect(dead_code, reason = "a handler would read them")]
struct Claims {
    sub: String,
    iss: String,
    client_id: String,
    jti: String,
    scope: String,
    email: String,
    name: String,
    roles: Vec<String>,
}

fn good(algorithm: Algorithm) -> Case {
    calls(protected(router(), algorithm), &Template::with(&bearer(algorithm)), StatusCode::OK)
}

/// A limit, a token, a scope: without an audit record.
fn full(algorithm: Algorithm) -> Case {
    let router = protected(router().layer(from_fn(read_documents)), algorithm);
    calls(governed(router, plenty()), &Template::with(&bearer(algorithm)), StatusCode::OK)
}

/// The same over a service of tower, which looks for the scope itself.
fn full_over_tower(algorithm: Algorithm) -> Case {
    let limit = GovernorLayer::new(Arc::new(plenty().finish().expect("a quota")));
    let service =
        ServiceBuilder::new().layer(limit).layer(layer(algorithm)).service(service_fn(read_or_refuse));
    calls(service, &Template::with(&bearer(algorithm)), StatusCode::OK)
}

fn protected(router: Router, algorithm: Algorithm) -> Router {
    router.layer(layer(algorithm))
}

fn layer(algorithm: Algorithm) -> OAuth2ResourceServerLayer<Body, Claims> {
    let audiences = vec![issuer().audience().to_owned()];
    let tenant = TenantConfiguration::static_builder(key_set(algorithm).to_string())
        .claims_validation(ClaimsValidationSpec::recommended(issuer().url(), &audiences).nbf(false))
        .allowed_algorithms(&[algorithm.name().parse().expect("a known algorithm")])
        .build()
        .expect("a tenant");
    let server = OAuth2ResourceServer::<Claims>::builder().add_tenant(tenant).build();
    runtime().block_on(server).expect("a resource server").into_layer()
}

async fn read_documents(request: Request, next: Next) -> Response {
    if may_read(&request) { next.run(request).await } else { StatusCode::FORBIDDEN.into_response() }
}

fn read_or_refuse(request: Request) -> Ready<Result<Response, Infallible>> {
    if may_read(&request) { answer(request) } else { ready(Ok(StatusCode::FORBIDDEN.into_response())) }
}

fn may_read(request: &Request) -> bool {
    let claims = request.extensions().get::<Claims>();
    claims.is_some_and(|claims| claims.scope.split(' ').any(|scope| scope == "documents:read"))
}
