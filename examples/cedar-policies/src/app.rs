//! Routes, and who is asked about them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use portcullis::audit::IntoSink;
use portcullis::authz::engine::{EnginePolicy, ask};
use portcullis::authz::{Read, Write};
use portcullis::cedar::Cedar;
use portcullis::core::Readiness;
use portcullis::prelude::*;
use serde::Deserialize;

use crate::documents::{Document, Documents};

/// What handlers and guards need.
#[derive(Clone)]
pub(crate) struct Shared {
    documents: Documents,
    rules: EnginePolicy<Cedar>,
}

/// The whole application. It keeps the policies up to date while it is served.
pub(crate) fn app(
    cedar: Cedar,
    documents: Documents,
    keys: ApiKeySet,
    audit: impl IntoSink,
) -> Result<App, ConfigErrors> {
    let security = Security::builder()
        .scheme("key", ApiKeys::bearer("demo_").keys(keys))
        .depends_on([Arc::new(cedar.clone()) as Arc<dyn Readiness>])
        .limit(per(client_ip()).requests(100).every(MINUTE))
        .audit(audit)
        .build()?;
    let report = ask(cedar.clone()).action("View").resource("Report").id_from_path("name");
    let routes = Routes::new()
        .route("/health", get(async || "ok\n").public("load balancer probe"))
        // A guard asks about a loaded document: see the types of the arguments.
        .route("/documents/{id}", get(show).requires(authenticated()).put(edit).requires(authenticated()))
        // A route asks before its handler runs.
        .route("/reports/{name}", get(report_text).requires(authenticated()).asks(report))
        .with_state(Shared { documents, rules: EnginePolicy::new(cedar) });
    SecureRouter::new(security).mount(routes).finish()
}

async fn show(document: Permit<Read, Document>) -> Json<Document> {
    Json(document.into_inner())
}

#[derive(Deserialize)]
struct Edit {
    title: String,
}

async fn edit(
    document: Permit<Write, Document>,
    State(documents): State<Documents>,
    Json(edit): Json<Edit>,
) -> StatusCode {
    documents.rename(document.id, edit.title);
    StatusCode::NO_CONTENT
}

async fn report_text() -> &'static str {
    "all is well\n"
}

impl FromRef<Shared> for Documents {
    fn from_ref(shared: &Shared) -> Self {
        shared.documents.clone()
    }
}

impl FromRef<Shared> for EnginePolicy<Cedar> {
    fn from_ref(shared: &Shared) -> Self {
        shared.rules.clone()
    }
}

#[cfg(test)]
mod tests;
