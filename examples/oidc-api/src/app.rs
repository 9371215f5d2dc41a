//! The routes and what they demand.

use std::time::Duration;

use axum::Json;
use portcullis::Clock;
use portcullis::authz::max_age;
use portcullis::oauth::Dpop;
use portcullis::prelude::*;
use serde_json::{Value, json};

use crate::options::Options;

pub(crate) const READ: &str = "notes:read";
pub(crate) const WRITE: &str = "notes:write";

/// How fresh a login must be for what cannot be undone.
const FRESH: Duration = Duration::from_secs(300);

/// `url` is where it listens.
///
/// # Errors
/// Everything that is missing or contradictory, at once.
pub(crate) fn app(options: &Options, url: &str, clock: Clock) -> Result<App, ConfigErrors> {
    let url = options.public_url.as_deref().unwrap_or(url);
    let security = Security::builder()
        .clock(clock)
        .realm("notes")
        .public_url(url)
        .protected_resource(resource(url))
        .scheme("token", JwtBearer::issuer(issuer(options)).dpop(Dpop::new()))
        .limit(per(client_ip()).requests(600).every(MINUTE))
        .audit(TracingSink::new())
        .build()?;
    let routes = Routes::new()
        .route("/health", get(async || "ok\n").public("load balancers ask without credentials"))
        .route("/me", get(me).requires(authenticated()))
        .route("/notes", get(list).requires(scope(READ)).post(create).requires(scope(WRITE)))
        // A token of an old login is told how old it may be (RFC 9470), and a client can log its user in again.
        .route("/notes/all", delete(clear).requires(scope(WRITE).and(max_age(FRESH))));
    SecureRouter::new(security).mount(routes).finish()
}

/// What clients may know of the API, at `/.well-known/oauth-protected-resource`.
fn resource(url: &str) -> ProtectedResource {
    let resource = ProtectedResource::new(url).name("Notes");
    if url.starts_with("http://") { resource.insecure_http_on_loopback() } else { resource }
}

fn issuer(options: &Options) -> Issuer {
    let identifier = options.issuer.as_deref().unwrap_or_default();
    let issuer = Issuer::discover(identifier).audience(options.audience.as_deref().unwrap_or_default());
    let issuer = match options.provider.describe() {
        Some(provider) => issuer.provider(provider),
        None => issuer,
    };
    // The stand-in, and a provider that is being tried out on this machine.
    if identifier.starts_with("http://") { issuer.insecure_http_on_loopback() } else { issuer }
}

async fn me(caller: Principal) -> Json<Principal> {
    Json(caller)
}

async fn list(caller: Principal) -> Json<Value> {
    Json(json!([{ "owner": caller.subject(), "text": "Water the plants" }]))
}

async fn create(caller: Principal) -> (axum::http::StatusCode, Json<Value>) {
    (axum::http::StatusCode::CREATED, Json(json!({ "owner": caller.subject() })))
}

async fn clear() -> axum::http::StatusCode {
    axum::http::StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests;
