//! The routes, each with what it demands.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, Query, State};
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, LINK, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use portcullis::audit::{AuditEvent, MemorySink};
use portcullis::authz::{Create, Delete, Filtered, Read, Visible, Write};
use portcullis::axum::{Checked, service};
use portcullis::core::{Readiness, StoreError};
use portcullis::oauth::logout::LogoutReceiver;
use portcullis::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::bound::{BoundTo, LoginKeys};
use crate::database::Database;
use crate::model::{Document, DocumentId, NewDocument, PageSize, Summary};
use crate::policy::{ADMIN, Rules};
use crate::security::PASSWORD;
use crate::tokens::{AccessToken, TokenIssuer};
use crate::users::{READ, WRITE};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) tokens: Arc<TokenIssuer>,
    /// The last events of the audit.
    pub(crate) events: MemorySink,
    /// What the service needs from outside.
    pub(crate) dependencies: Arc<[Arc<dyn Readiness>]>,
    /// Whose key a login proves.
    pub(crate) keys: LoginKeys,
}

/// Where the outside issuer tells that somebody has logged out there.
pub(crate) const LOGOUT: &str = "/backchannel-logout";

/// How many events `GET /admin/audit` shows.
const EVENTS_SHOWN: usize = 100;

/// `logout` is where the outside issuer tells that somebody has logged out there.
pub(crate) fn routes(shared: Shared, logout: Option<LogoutReceiver>) -> Routes {
    let routes = match logout {
        None => Routes::new(),
        Some(receiver) => {
            Routes::new().route(LOGOUT, service(receiver).public("the logout token proves who sends it"))
        }
    };
    routes
        .route("/health", get(health).public("load balancers ask without credentials"))
        .route("/ready", get(ready).public("load balancers ask without credentials"))
        .route(
            "/login",
            post(login)
                .requires(authenticated())
                .via(PASSWORD)
                .limit(per(client_ip()).requests(30).every(MINUTE).named("login-client"))
                .limit(per(attempted_user()).requests(10).every(MINUTE).named("login-user")),
        )
        .route("/me", get(me).requires(authenticated()))
        .route(
            "/documents",
            get(list)
                .requires(scope(READ))
                .post(create)
                .requires(scope(WRITE))
                .guards::<Create, NewDocument>(),
        )
        .route(
            "/documents/{id}",
            get(show)
                .requires(scope(READ))
                .guards::<Read, Document>()
                .put(replace)
                .requires(scope(WRITE))
                .guards::<Write, Document>()
                .delete(remove)
                .requires(scope(WRITE))
                .guards::<Delete, Document>(),
        )
        .route("/admin/audit", get(audit).requires(role(ADMIN)))
        .with_state(shared)
}

/// Whether the service is up.
#[utoipa::path(get, path = "/health", responses((status = 200, description = "The service is up.", body = str)))]
pub(crate) async fn health() -> &'static str {
    "ok"
}

/// Whether everything is there that requests need: the keys of the outside issuer. Without them the service works, but
/// answers tokens of that issuer with 503.
#[utoipa::path(
    get,
    path = "/ready",
    responses(
        (status = 200, description = "All is there that requests need.", body = Ready),
        (status = 503, description = "The keys of the outside issuer are not there yet.")
    )
)]
pub(crate) async fn ready(State(shared): State<Shared>) -> Result<Json<Ready>, Denial> {
    let missing = shared.dependencies.iter().filter(|dependency| !dependency.is_ready());
    // Who they are is for the log alone.
    match missing.map(|dependency| dependency.name()).collect::<Vec<_>>().as_slice() {
        [] => Ok(Json(Ready { status: "ready" })),
        missing => Err(Denial::new(Reason::KeySetUnavailable)
            .retry_after(std::time::Duration::from_secs(5))
            .explained(format!("not there yet: {}", missing.join(", ")))),
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    status: &'static str,
}

/// The caller has shown a password; it gets a token instead. If it has also proven to hold a key (`DPoP`), the token is
/// bound to that key.
#[utoipa::path(
    post,
    path = "/login",
    params(("DPoP" = Option<String>, Header, description = "A proof of the key that the token is to be bound to.")),
    responses((status = 200, description = "A token for 15 minutes.", body = AccessToken))
)]
pub(crate) async fn login(
    caller: Principal,
    BoundTo(key): BoundTo,
    State(shared): State<Shared>,
) -> Result<impl IntoResponse, Denial> {
    let user = shared.database.user(caller.subject()).await.map_err(unavailable)?;
    let user = user.ok_or_else(|| Denial::new(Reason::WrongPassword).explained("the user is gone"))?;
    let token: AccessToken = shared
        .tokens
        .issue(&user, key.as_ref())
        .map_err(|error| Denial::new(Reason::InternalError).caused_by(error))?;
    // RFC 6749 §5.1: no token is kept by a cache.
    Ok(([(CACHE_CONTROL, "no-store")], Json(token)))
}

/// Who the caller is.
#[utoipa::path(get, path = "/me", responses((status = 200, description = "Who the caller is.", body = Object)))]
pub(crate) async fn me(caller: Principal) -> Json<Principal> {
    Json(caller)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    #[serde(default)]
    limit: PageSize,
    after: Option<DocumentId>,
}

/// What the caller may read; a `Link` to the next page if there may be more.
#[utoipa::path(
    get,
    path = "/documents",
    params(
        ("limit" = Option<u32>, Query, description = "How many documents a page holds, 1 to 1000.", minimum = 1, maximum = 1000),
        ("after" = Option<DocumentId>, Query, description = "The last document of the page before.")
    ),
    responses((
        status = 200,
        description = "A page of the list.",
        body = Vec<Summary>,
        headers(("Link" = String, description = "The next page, if there may be more (`rel=\"next\"`)."))
    ))
)]
pub(crate) async fn list(
    readable: Visible<Read, Document>,
    State(database): State<Database>,
    Query(Page { limit, after }): Query<Page>,
) -> Result<(HeaderMap, Json<Vec<Summary>>), Denial> {
    let page = database.readable_documents(readable.filter(), after.as_ref(), limit.get());
    let page = page.await.map_err(unavailable)?;
    let mut headers = HeaderMap::new();
    if let Some(last) = page.last().filter(|_| page.len() == limit.get() as usize) {
        let next = format!("</documents?limit={}&after={}>; rel=\"next\"", limit.get(), last.id);
        if let Ok(next) = HeaderValue::try_from(next) {
            headers.insert(LINK, next);
        }
    }
    Ok((headers, Json(page)))
}

/// Adds a document of the caller's own. Only users of the service may name a team.
#[utoipa::path(
    post,
    path = "/documents",
    request_body = NewDocument,
    responses(
        (
            status = 201,
            description = "The new document.",
            body = Document,
            headers(("Location" = String, description = "Where the document is."))
        ),
        (status = 422, description = "The document does not have the form that is asked for.")
    )
)]
pub(crate) async fn create(
    State(database): State<Database>,
    new: Checked<Create, Json<NewDocument>>,
) -> Result<impl IntoResponse, Denial> {
    let caller = new.principal();
    // A caller of an outside issuer must not end up as the owner of a user's documents, nor the other way round.
    let owner = match caller.issuer() {
        None => caller.subject().to_owned(),
        Some(issuer) => format!("{issuer}#{}", caller.subject()),
    };
    let document = database.insert_document(&owner, &new).await.map_err(unavailable)?;
    let location = format!("/documents/{}", document.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(document)))
}

// The documents below were loaded and checked, or answered with 404, before the handler runs and before the body
// is read.

/// One document.
#[utoipa::path(
    get,
    path = "/documents/{id}",
    params(("id" = DocumentId, Path)),
    responses((status = 200, description = "The document.", body = Document))
)]
pub(crate) async fn show(document: Permit<Read, Document>) -> Json<Document> {
    Json(document.into_inner())
}

/// Replaces a document; what is left out is reset.
#[utoipa::path(
    put,
    path = "/documents/{id}",
    params(("id" = DocumentId, Path)),
    request_body = NewDocument,
    responses(
        (status = 200, description = "The document as it is now.", body = Document),
        (status = 422, description = "The document does not have the form that is asked for.")
    )
)]
pub(crate) async fn replace(
    document: Permit<Write, Document>,
    State(database): State<Database>,
    Json(new): Json<NewDocument>,
) -> Result<Json<Document>, Denial> {
    let replaced = database.replace_document(&document.id, &new).await.map_err(unavailable)?;
    replaced
        .map(Json)
        .ok_or_else(|| Denial::new(Reason::ResourceNotFound).explained("it was deleted meanwhile"))
}

/// Deletes a document.
#[utoipa::path(
    delete,
    path = "/documents/{id}",
    params(("id" = DocumentId, Path)),
    responses((status = 204, description = "The document is gone."))
)]
pub(crate) async fn remove(
    document: Permit<Delete, Document>,
    State(database): State<Database>,
) -> Result<StatusCode, Denial> {
    let removed = database.delete_document(&document.id).await.map_err(unavailable)?;
    if removed {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Denial::new(Reason::ResourceNotFound).explained("it was deleted meanwhile"))
    }
}

/// What happened.
#[utoipa::path(get, path = "/admin/audit", responses((status = 200, description = "The last events, the newest first.", body = Vec<Object>)))]
pub(crate) async fn audit(State(events): State<MemorySink>) -> Json<Vec<AuditEvent>> {
    Json(events.latest(EVENTS_SHOWN))
}

fn unavailable(error: StoreError) -> Denial {
    error.into_denial(Reason::StoreUnavailable)
}

impl FromRef<Shared> for Database {
    fn from_ref(shared: &Shared) -> Self {
        shared.database.clone()
    }
}

impl FromRef<Shared> for MemorySink {
    fn from_ref(shared: &Shared) -> Self {
        shared.events.clone()
    }
}

impl FromRef<Shared> for LoginKeys {
    fn from_ref(shared: &Shared) -> Self {
        shared.keys.clone()
    }
}

impl FromRef<Shared> for Filtered<Rules> {
    fn from_ref(_: &Shared) -> Self {
        Self(Rules)
    }
}

impl FromRef<Shared> for Rules {
    fn from_ref(_: &Shared) -> Self {
        Self
    }
}
