//! The responses that refusals are.

use http::StatusCode;
use portcullis_authz::{Demand, authenticated, role, scope};
use portcullis_core::{Mode, ProblemType};
use portcullis_openapi::{OpenApiSecurity, PROBLEM_SCHEMA};
use portcullis_ratelimit::{MINUTE, client_ip, per};
use portcullis_stack::{RoutePolicy, Security};
use serde_json::{Value, json};
use utoipa::openapi::Response;

use crate::support::{build, document, security, table};

fn written(security: &Security, path: &str, policy: RoutePolicy, statuses: Option<&[u16]>) -> Value {
    let table = table(security, &[("GET", path, policy)]);
    let mut writer = OpenApiSecurity::new(security, &table);
    if let Some(statuses) = statuses {
        writer = writer.problems(statuses.iter().map(|status| StatusCode::from_u16(*status).unwrap()));
    }
    serde_json::to_value(writer.write(document(&[("GET", path)])).unwrap()).unwrap()
}

#[track_caller]
fn check(path: &str, policy: RoutePolicy, expected: &[&str]) {
    let document = written(&security(), path, policy, None);
    let responses = &document["paths"][path]["get"]["responses"];
    assert_eq!(responses.as_object().unwrap().keys().collect::<Vec<_>>(), expected);
    for status in expected {
        let name = format!("Problem{status}");
        assert_eq!(responses[status], json!({ "$ref": format!("#/components/responses/{name}") }));
        let content = &document["components"]["responses"][&name]["content"]["application/problem+json"];
        assert_eq!(content["schema"], json!({ "$ref": "#/components/schemas/Problem" }));
    }
    let count = document["components"]["responses"].as_object().map_or(0, serde_json::Map::len);
    assert_eq!(count, expected.len());
}

#[test]
fn an_operation_gets_the_problems_that_it_can_answer_with() {
    check("/a", RoutePolicy::public("x"), &[]);
    check("/a/{id}", RoutePolicy::public("x"), &["404"]);
    check("/a", RoutePolicy::requires(authenticated()), &["401"]);
    check("/a", RoutePolicy::requires(scope("a")), &["401", "403"]);
    check("/a", RoutePolicy::requires(role("a")), &["401", "403"]);
    check("/a/{id}", RoutePolicy::requires(scope("a")), &["401", "403", "404"]);
    check("/a", RoutePolicy::public("x").limit(per(client_ip()).requests(1).every(MINUTE)), &["429"]);
}

/// What a list, a body or scopes refuse is never "not found", and what is hidden is never "forbidden".
#[test]
fn what_the_handler_takes_tells_how_it_refuses() {
    let with = |demand: Demand| RoutePolicy::requires(authenticated()).demand(demand);
    check("/a", with("scopes(a)".into()), &["401", "403"]);
    let permit = || Demand::new("permit(Read A)").by_policy();
    check("/a", with(permit().refusing_with([ProblemType::NotFound])), &["401", "404"]);
    let both = permit().refusing_with([ProblemType::Forbidden, ProblemType::NotFound]);
    check("/a", with(both.clone()), &["401", "403", "404"]);
    check("/a", with(both.in_mode(Mode::Shadow)), &["401", "404"]);
    check("/a", with(Demand::new("visible(Read A)").refusing_with([])), &["401"]);
    let checked = Demand::new("checked(Create A)").refusing_with([
        ProblemType::InvalidRequest,
        ProblemType::Forbidden,
        ProblemType::ContentTooLarge,
        ProblemType::UnsupportedMediaType,
        ProblemType::UnprocessableContent,
    ]);
    check("/a", with(checked), &["400", "401", "403", "413", "415", "422"]);
    // A body that nobody checks is read all the same.
    let reads = RoutePolicy::public("x").may_refuse_with([ProblemType::ContentTooLarge]);
    check("/a", reads, &["413"]);
}

#[test]
fn a_limit_of_every_route_counts_and_so_does_the_cap_on_requests_in_flight() {
    let everywhere = build(|security| security.limit(per(client_ip()).requests(1).every(MINUTE)));
    let capped = Security::builder().insecure_no_audit().build().unwrap();
    for security in [everywhere, capped] {
        let document = written(&security, "/a", RoutePolicy::public("x"), None);
        assert!(document["paths"]["/a"]["get"]["responses"].get("429").is_some());
    }
}

#[test]
fn other_statuses_are_added_where_they_are_named_and_unknown_ones_nowhere() {
    let keys = |statuses: &[u16]| {
        let document = written(&security(), "/a", RoutePolicy::requires(scope("a")), Some(statuses));
        document["paths"]["/a"]["get"]["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys(&[400, 500, 503, 401]), ["400", "401", "500", "503"]);
    assert_eq!(keys(&[200, 408, 418]), Vec::<String>::new());
    assert_eq!(keys(&[]), Vec::<String>::new());
}

#[test]
fn a_client_that_is_too_slow_is_told_of_where_a_body_is_read() {
    let reads = RoutePolicy::public("x").may_refuse_with([ProblemType::ContentTooLarge]);
    let document = written(&security(), "/a", reads, Some(&[408, 413]));
    let responses = document["paths"]["/a"]["get"]["responses"].as_object().unwrap();
    assert_eq!(responses.keys().collect::<Vec<_>>(), ["408", "413"]);
    assert_eq!(
        document["components"]["responses"]["Problem408"]["description"].as_str().map(str::is_empty),
        Some(false)
    );
}

#[test]
fn what_the_document_has_stays() {
    let security = security();
    let table = table(&security, &[("GET", "/a", RoutePolicy::requires(scope("a")))]);
    let mut document = document(&[("GET", "/a")]);
    let own = Response::new("Our own words.");
    let operation = document.paths.paths.get_mut("/a").unwrap().get.as_mut().unwrap();
    operation.responses.responses.insert("401".to_owned(), own.into());
    let components = document.components.get_or_insert_default();
    let schema = utoipa::openapi::schema::ObjectBuilder::new().description(Some("Ours.")).build();
    components.schemas.insert(PROBLEM_SCHEMA.to_owned(), schema.into());
    let written = OpenApiSecurity::new(&security, &table).write(document).unwrap();
    let written = serde_json::to_value(written).unwrap();
    assert_eq!(written["paths"]["/a"]["get"]["responses"]["401"]["description"], "Our own words.");
    assert_eq!(written["components"]["responses"].get("Problem401"), None);
    assert_eq!(written["components"]["schemas"]["Problem"]["description"], "Ours.");
}

/// RFC 9110 §11.6.1, §10.2.3; RFC 9457 §3.1.
#[test]
fn problems_name_their_fields_and_members() {
    let statuses = Some(&[401, 429, 503][..]);
    let limited = RoutePolicy::requires(scope("a")).limit(per(client_ip()).requests(1).every(MINUTE));
    let document = written(&security(), "/a", limited, statuses);
    let field = |status: &str| {
        let headers = &document["components"]["responses"][format!("Problem{status}")]["headers"];
        headers.as_object().unwrap().keys().next().unwrap().clone()
    };
    assert_eq!(
        [field("401"), field("429"), field("503")],
        ["www-authenticate", "retry-after", "retry-after"]
    );
    assert_eq!(document["components"]["schemas"]["Problem"]["required"], json!(["type", "title", "status"]));
}
