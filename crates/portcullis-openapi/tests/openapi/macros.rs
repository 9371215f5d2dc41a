//! A document that utoipa's macros made.

#![expect(dead_code, reason = "handlers are read by the macros alone")]

use portcullis_authz::{any_scope, role, scope};
use portcullis_openapi::OpenApiSecurity;
use portcullis_stack::{RoutePolicy, RouteTable, Security};
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};

use crate::support::{security, table};

#[derive(ToSchema)]
struct Document {
    id: String,
    title: String,
}

/// The documents.
#[utoipa::path(get, path = "/documents", responses((status = 200, body = Vec<Document>)))]
async fn list() {}

#[utoipa::path(
    post,
    path = "/documents",
    request_body = Document,
    security(("somebody_elses" = ["everything"])),
    responses((status = 201, body = Document))
)]
async fn create() {}

#[utoipa::path(
    delete,
    path = "/documents/{id}",
    params(("id" = String, Path)),
    responses((status = 204, description = "Gone."), (status = 404, description = "There is none."))
)]
async fn remove() {}

#[utoipa::path(get, path = "/health", responses((status = 200)))]
async fn health() {}

#[derive(OpenApi)]
#[openapi(paths(list, create, remove, health), components(schemas(Document)))]
struct Documentation;

fn routes(security: &Security) -> RouteTable {
    table(
        security,
        &[
            ("GET", "/documents", RoutePolicy::requires(any_scope(["documents:read", "documents:write"]))),
            ("POST", "/documents", RoutePolicy::requires(scope("documents:write")).via(["token"])),
            ("DELETE", "/documents/{document}", RoutePolicy::requires(role("admin")).via(["key"])),
            ("GET", "/health", RoutePolicy::public("probe")),
        ],
    )
}

#[test]
fn a_document_of_macros_says_what_is_enforced() {
    let security = security();
    let written =
        OpenApiSecurity::new(&security, &routes(&security)).write(Documentation::openapi()).unwrap();
    let written: Value = serde_json::from_str(&written.to_pretty_json().unwrap()).unwrap();
    let paths = &written["paths"];
    assert_eq!(
        paths["/documents"]["get"]["security"],
        json!([
            { "token": ["documents:read"] },
            { "key": ["documents:read"] },
            { "token": ["documents:write"] },
            { "key": ["documents:write"] },
        ])
    );
    assert_eq!(paths["/documents"]["post"]["security"], json!([{ "token": ["documents:write"] }]));
    let remove = &paths["/documents/{id}"]["delete"];
    assert_eq!(remove["security"], json!([{ "key": [] }]));
    assert_eq!(remove["x-portcullis"], json!({ "demands": [{ "roles": ["admin"] }] }));
    assert_eq!(remove["responses"]["404"]["description"], "There is none.");
    assert_eq!(paths["/health"]["get"]["security"], json!([]));
    // What has nothing to do with security is as it was.
    let list = &paths["/documents"]["get"];
    assert_eq!((&list["summary"], &list["operationId"]), (&"The documents.".into(), &"list".into()));
    assert!(written["components"]["schemas"].get("Document").is_some());
}

#[test]
fn writing_twice_changes_nothing_more() {
    let security = security();
    let table = routes(&security);
    let writer = OpenApiSecurity::new(&security, &table);
    let once = writer.write(Documentation::openapi()).unwrap();
    let twice = writer.write(once.clone()).unwrap();
    assert_eq!(serde_json::to_value(once).unwrap(), serde_json::to_value(twice).unwrap());
}
