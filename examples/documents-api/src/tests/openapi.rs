//! The document, the page that shows it, and the table of routes.

use std::collections::BTreeSet;

use super::*;
use crate::options::Format;
use crate::routes::LOGOUT;

async fn get(service: &Service, path: &str) -> Answer {
    service.call(request("GET", path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_document_tells_what_each_operation_asks_for() {
    let service = Service::start().await;
    let answer = get(&service, "/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    let operation = |method: &str, path: &str| document["paths"][path][method].clone();
    let by_any_scheme = |scope: &str| serde_json::json!([{ "token": [scope] }, { "token-dpop": [scope] }, { "key": [scope] }]);
    assert_eq!(operation("get", "/documents")["security"], by_any_scheme("documents:read"));
    assert_eq!(operation("post", "/documents")["security"], by_any_scheme("documents:write"));
    assert_eq!(operation("post", "/login")["security"], serde_json::json!([{ "password": [] }]));
    assert_eq!(operation("get", "/health")["security"], serde_json::json!([]));
    let admin = operation("get", "/admin/audit");
    assert_eq!(admin["x-portcullis"], serde_json::json!({ "demands": [{ "roles": ["admin"] }] }));
    for status in ["401", "403", "404", "429"] {
        let response = &operation("delete", "/documents/{id}")["responses"][status];
        assert_eq!(response["$ref"], format!("#/components/responses/Problem{status}"));
    }
    let refusals = |method: &str, path: &str| {
        let responses = operation(method, path)["responses"].as_object().unwrap().clone();
        responses
            .into_iter()
            .map(|(status, _)| status)
            .filter(|status| status.starts_with('4'))
            .collect::<Vec<_>>()
    };
    // A list is never "not found", and neither is a new document; what a body may be refused for stands there.
    assert_eq!(refusals("get", "/documents"), ["400", "401", "403", "429"]);
    assert_eq!(refusals("post", "/documents"), ["400", "401", "403", "413", "415", "422", "429"]);
    assert_eq!(refusals("get", "/documents/{id}"), ["401", "403", "404", "429"]);
    assert_eq!(refusals("put", "/documents/{id}"), ["400", "401", "403", "404", "413", "415", "422", "429"]);
    assert_eq!(refusals("get", "/health"), ["429"]);
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    assert_eq!(schemes.keys().collect::<Vec<_>>(), ["key", "password", "token", "token-dpop"]);
    assert!(document["components"]["schemas"].get("NewDocument").is_some());
}

/// OpenAPI 3.1 §4.8.17: a response has a description, or refers to one that has.
#[tokio::test]
async fn every_response_is_described() {
    let service = Service::start().await;
    let document = get(&service, "/openapi.json").await.json();
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let responses = operations.flat_map(|operation| operation["responses"].as_object().unwrap().values());
    let shared = document["components"]["responses"].as_object().unwrap().values();
    let mut described = 0;
    for response in responses.chain(shared) {
        assert!(response["description"].is_string() || response["$ref"].is_string(), "{response}");
        described += 1;
    }
    assert!(described > 30, "{described}");
}

#[tokio::test]
async fn every_route_is_an_operation_but_for_those_that_are_nobodys_concern() {
    let service = Service::start().await;
    let document = get(&service, "/openapi.json").await.json();
    let documented: BTreeSet<&String> = document["paths"].as_object().unwrap().keys().collect();
    let table = service.server.app().route_table();
    let routed: BTreeSet<&String> = table.rows().iter().map(|row| &row.path).collect();
    let left_out: Vec<&str> = routed.difference(&documented).map(|path| path.as_str()).collect();
    let expected =
        ["/.well-known/oauth-protected-resource", "/docs", "/docs/", "/docs/{file}", "/openapi.json"];
    assert_eq!(left_out, expected);
    assert!(documented.is_subset(&routed));
}

#[tokio::test]
async fn the_page_is_served_from_the_program_alone() {
    let service = Service::start().await;
    let moved = get(&service, "/docs").await;
    assert_eq!((moved.status, moved.header("location")), (308, "docs/"));
    let page = get(&service, "/docs/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"));
    // What the page names, it loads from where it came from.
    let mut files = 0;
    for attribute in ["src=\"", "href=\""] {
        for name in page.text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
            let name = name.trim_start_matches("./");
            assert!(!name.contains(':') && !name.contains('/'), "{name}");
            if !name.ends_with(".png") {
                assert_eq!(get(&service, &format!("/docs/{name}")).await.status, 200, "{name}");
                files += 1;
            }
        }
    }
    assert!(files >= 4, "{}", page.text);
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("http"),
        "{policy}"
    );
    assert!(!page.text.contains("<script>") && !page.text.contains("onload="), "{}", page.text);
    let start = get(&service, "/docs/swagger-initializer.js").await;
    assert!(start.text.contains("../openapi.json") && start.text.contains("\"none\""), "{}", start.text);
    get(&service, "/docs/nothing.js").await.check_problem(404);
}

/// Whoever changes who may do what changes that file too, for `PORTCULLIS_UPDATE=1 cargo test -p documents-api`. It has
/// every route that there is with any options, as the matrix does.
#[tokio::test]
async fn the_routes_demand_what_the_reviewed_file_says() {
    let folder = Folder::new();
    let mut options = Options::in_folder(folder.path().join("data"));
    let without = Server::route_table(&options).unwrap();
    options.issuer = Some("https://idp.example".parse().unwrap());
    options.audience = Some("https://documents.example".to_owned());
    options.tokens.client_id = Some("documents".to_owned());
    let table = Server::route_table(&options).unwrap();
    table.check_snapshot("tests/routes.md").unwrap();
    // Without an outside issuer, nothing but its own route is gone.
    let difference = without.diff(&table.to_snapshot());
    assert!(difference.added.is_empty() && difference.changed.is_empty(), "{difference}");
    assert!(matches!(difference.removed.as_slice(), [row] if row.contains(LOGOUT)), "{difference}");
}

/// Whatever is worth a look was looked at: an outside issuer tells of logouts by a token, and has no credential.
#[tokio::test]
async fn there_is_no_advice_about_the_routes_but_what_is_meant() {
    let folder = Folder::new();
    let mut options = Options::in_folder(folder.path().join("data"));
    let told = |options: &Options| {
        let advice = Server::route_table(options).unwrap().advice();
        advice.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told(&options), [""; 0]);
    options.issuer = Some("https://idp.example".parse().unwrap());
    options.audience = Some("https://documents.example".to_owned());
    options.tokens.client_id = Some("documents".to_owned());
    let meant = "P275: ANY /backchannel-logout: anybody may change something (`the logout token proves who sends it`)";
    assert_eq!(told(&options), [meant]);
}

#[tokio::test]
async fn the_table_is_that_of_the_service_and_makes_nothing() {
    let folder = Folder::new();
    let data = folder.path().join("data");
    let mut options = Options::in_folder(&data);
    options.audit = Some(folder.path().join("audit.jsonl"));
    let table = Server::route_table(&options).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let server = start(&options).await.unwrap();
    assert_eq!(table.to_string(), server.app().route_table().to_string());
    for (format, begins) in [
        (Format::Text, "METHOD  PATH"),
        (Format::Markdown, "| Method | Path |"),
        (Format::Json, "[\n  {\n"),
        (Format::Html, "<!DOCTYPE html>"),
    ] {
        let printed = format.print(&table);
        assert!(printed.starts_with(begins) && printed.ends_with('\n'), "{printed}");
        assert!(printed.contains("/documents/{id}"), "{printed}");
    }
}
