//! `GET /openapi.json`, and a page at `/docs` that shows it: Swagger UI, from files inside this program.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use portcullis::prelude::*;
use utoipa_swagger_ui::Config;

use crate::openapi::Published;

/// Where the document is.
pub(crate) const DOCUMENT: &str = "/openapi.json";
/// Where the page is; its files stand below.
pub(crate) const PAGE: &str = "/docs";

/// Why both are public.
const REASON: &str = "clients read what they may do before they have a credential";

/// The page loads its own files and the document, and nothing else. Its scripts set styles on elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The routes of the document and of the page.
pub(crate) fn routes(document: Published) -> Routes {
    Routes::new()
        .route(DOCUMENT, get(openapi).public(REASON))
        .route(PAGE, get(async || Redirect::permanent("docs/")).public(REASON))
        .route("/docs/", get(async || file("index.html")).public(REASON))
        .route("/docs/{file}", get(async |Path(name): Path<String>| file(&name)).public(REASON))
        .with_state(document)
}

async fn openapi(State(document): State<Published>) -> Result<Response, Denial> {
    let json = document.json().ok_or_else(|| Denial::misconfigured("the document was not written"))?;
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], json.to_owned()).into_response())
}

/// A file of Swagger UI.
fn file(name: &str) -> Result<Response, Denial> {
    // Relative, so that a proxy may serve the service below a prefix. No outside validator is asked about the document.
    let config = Config::from("../openapi.json").validator_url("none");
    let file = utoipa_swagger_ui::serve(name, Arc::new(config))
        .map_err(|error| Denial::new(Reason::InternalError).explained(error.to_string()))?
        .ok_or_else(|| Denial::new(Reason::ResourceNotFound).explained("the page has no such file"))?;
    let fields = [
        (CONTENT_TYPE, file.content_type),
        (CACHE_CONTROL, "no-cache".to_owned()),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    Ok((fields, file.bytes.into_owned()).into_response())
}
