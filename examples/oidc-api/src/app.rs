//! The routes and what they demand.

use axum::Json;
use portcullis::Clock;
use portcullis::oauth::Issuer;
use portcullis::prelude::*;
use serde_json::{Value, json};

use crate::options::Options;

pub(crate) const READ: &str = "notes:read";
pub(crate) const WRITE: &str = "notes:write";

/// # Errors
/// Everything that is missing or contradictory, at once.
pub(crate) fn app(options: &Options, clock: Clock) -> Result<App, ConfigErrors> {
    let security = Security::builder()
        .clock(clock)
        .realm("notes")
        .scheme("token", JwtBearer::issuer(issuer(options)))
        .limit(per(client_ip()).requests(600).every(MINUTE))
        .audit(TracingSink::new())
        .build()?;
    let routes = Routes::new()
        .route("/health", get(async || "ok\n").public("load balancers ask without credentials"))
        .route("/me", get(me).requires(authenticated()))
        .route("/notes", get(list).requires(scope(READ)).post(create).requires(scope(WRITE)));
    SecureRouter::new(security).mount(routes).finish()
}

fn issuer(options: &Options) -> Issuer {
    let identifier = options.issuer.as_deref().unwrap_or_default();
    let issuer = Issuer::discover(identifier).audience(options.audience.as_deref().unwrap_or_default());
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

#[cfg(test)]
mod tests;
