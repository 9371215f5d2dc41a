//! The routes and what they demand.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::LOCATION;
use portcullis::Clock;
use portcullis::authz::{Assigned, Delete, Filtered, Read, Redacted, TenantStore, Write, tenant_matches};
use portcullis::axum::Checked;
use portcullis::oauth::StaticKeys;
use portcullis::prelude::*;
use portcullis::ratelimit::by;
use serde::Deserialize;

use crate::demo::{AUDIENCE, ISSUER};
use crate::project::{Change, Name, Project, Rules};
use crate::store::{InTenant, Projects};

/// The scope to see projects.
pub const READ: &str = "projects:read";
/// The scope to create, rename and delete projects.
pub const WRITE: &str = "projects:write";

/// How many requests a minute there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of all callers of one tenant together.
    pub per_tenant: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_tenant: 600 }
    }
}

/// What handlers and guards share. Of stores, only the one with walls.
#[derive(Clone, Debug)]
pub struct Shared {
    projects: TenantStore<Projects>,
    rules: Rules,
}

impl FromRef<Shared> for TenantStore<Projects> {
    fn from_ref(shared: &Shared) -> Self {
        shared.projects.clone()
    }
}

impl FromRef<Shared> for Rules {
    fn from_ref(shared: &Shared) -> Self {
        shared.rules.clone()
    }
}

/// Of projects.
impl FromRef<Shared> for Filtered<Rules> {
    fn from_ref(shared: &Shared) -> Self {
        Self(shared.rules.clone())
    }
}

/// `jwks` are the keys of the issuer of every tenant's tokens.
///
/// # Errors
/// Everything that is missing or contradictory, at once.
pub fn app(jwks: &str, clock: Clock, limits: Limits) -> Result<App, ConfigErrors> {
    let issuer = Issuer::new(ISSUER)
        .audience(AUDIENCE)
        .keys(StaticKeys::new().jwks(jwks))
        .tenant_from(["tenant"])
        .roles_from(["roles"]);
    let tenant = by("tenant", |request| request.principal()?.tenant().map(str::to_owned));
    let security = Security::builder()
        .clock(clock)
        .realm("projects")
        .scheme("token", JwtBearer::issuer(issuer))
        .limit(per(tenant).requests(limits.per_tenant).every(MINUTE).named("tenant"))
        .audit(TracingSink::new())
        .build()?;
    let shared = Shared { projects: TenantStore::new(Projects::default()), rules: Rules::new()? };
    let routes = Routes::new()
        .route("/health", get(async || "ok\n").public("load balancers ask without credentials"))
        .route("/me", get(me).requires(authenticated()))
        // The tenant in the path must be that of the token.
        .nest("/tenants/{tenant}", projects().all_require(tenant_matches("tenant")))
        // Without a tenant in the path, the token alone says it.
        .nest("/mine", projects())
        .with_state(shared);
    SecureRouter::new(security).mount(routes).finish()
}

fn projects() -> Routes<Shared> {
    Routes::new()
        .route("/projects", get(list).requires(scope(READ)).post(create).requires(scope(WRITE)))
        .route(
            "/projects/{id}",
            get(show)
                .requires(scope(READ))
                .put(change)
                .requires(scope(WRITE))
                .delete(remove)
                .requires(scope(WRITE)),
        )
}

async fn me(caller: Principal) -> Json<Principal> {
    Json(caller)
}

/// The content of `POST`. There is no field for a tenant, and an unknown field is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    name: Name,
}

async fn list(
    visible: Visible<Read, Project>,
    projects: InTenant,
    State(rules): State<Rules>,
) -> Json<Vec<Redacted<Project>>> {
    let shown = projects.list(&visible).into_iter().map(|project| rules.shown(visible.principal(), project));
    Json(shown.collect())
}

async fn create(
    caller: Principal,
    projects: InTenant,
    State(rules): State<Rules>,
    Json(Content { name }): Json<Content>,
) -> Result<impl IntoResponse, Denial> {
    let created = projects.create(caller.subject(), name);
    let project = created.ok_or_else(|| {
        Denial::new(Reason::CapacityExhausted).explained("the tenant has as many projects as it can have")
    })?;
    let location = format!("/mine/projects/{}", project.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(rules.shown(&caller, project))))
}

async fn show(project: Permit<Read, Project>, State(rules): State<Rules>) -> impl IntoResponse {
    Json(project.redacted(&rules)).into_response()
}

async fn change(
    project: Permit<Write, Project>,
    projects: InTenant,
    State(rules): State<Rules>,
    change: Checked<Write, Json<Assigned<Change>>>,
) -> Result<Json<Redacted<Project>>, Denial> {
    let changed = projects.change(project.id, change.into_inner().into_inner());
    let changed =
        changed.ok_or_else(|| Denial::new(Reason::ResourceNotFound).explained("it was deleted meanwhile"))?;
    Ok(Json(rules.shown(project.principal(), changed)))
}

async fn remove(project: Permit<Delete, Project>, projects: InTenant) -> Result<StatusCode, Denial> {
    if projects.remove(project.id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Denial::new(Reason::ResourceNotFound).explained("it was deleted meanwhile"))
    }
}
