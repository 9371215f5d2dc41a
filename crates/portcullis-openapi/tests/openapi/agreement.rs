//! Document and application have the same operations, or it is an error.

use portcullis_authz::scope;
use portcullis_openapi::OpenApiSecurity;
use portcullis_stack::{MetadataRoute, RoutePolicy, RouteTable};

use crate::support::{document, security, table};

fn reads() -> RoutePolicy {
    RoutePolicy::requires(scope("read"))
}

fn rows(routes: &[(&'static str, &'static str)]) -> RouteTable {
    let rows: Vec<_> = routes.iter().map(|(method, path)| (*method, *path, reads())).collect();
    table(&security(), &rows)
}

#[track_caller]
fn check(routes: &[(&'static str, &'static str)], documented: &[(&str, &str)], expected: &[&str]) {
    let (security, table) = (security(), rows(routes));
    let written = OpenApiSecurity::new(&security, &table).write(document(documented));
    let errors: Vec<String> = match written {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(errors, expected, "{routes:?} {documented:?}");
}

#[test]
fn what_is_routed_and_documented_alike_is_no_error() {
    check(&[("GET", "/a"), ("POST", "/a")], &[("GET", "/a"), ("POST", "/a")], &[]);
    check(&[("GET", "/a/{id}")], &[("GET", "/a/{document}")], &[]);
    check(&[("GET", "/files/{*rest}")], &[("GET", "/files/{rest}")], &[]);
    check(&[("GET", "/files/{*rest}")], &[("GET", "/files/{*rest}")], &[]);
    check(&[("GET", "/a")], &[("GET", "/a"), ("HEAD", "/a")], &[]);
    check(&[("ANY", "/a")], &[("PATCH", "/a")], &[]);
}

#[test]
fn every_difference_is_reported_at_once() {
    check(
        &[("GET", "/a"), ("DELETE", "/a"), ("ANY", "/b"), ("GET", "/c/{x}/d")],
        &[("GET", "/a"), ("PUT", "/a"), ("GET", "/b/"), ("GET", "/c/{x}/e")],
        &[
            "P281: `PUT /a` is documented, but not routed",
            "P281: `GET /b/` is documented, but not routed",
            "P281: `GET /c/{x}/e` is documented, but not routed",
            "P280: `DELETE /a` is routed, but not documented",
            "P280: `ANY /b` is routed, but not documented",
            "P280: `GET /c/{x}/d` is routed, but not documented",
        ],
    );
    check(
        &[("HEAD", "/a")],
        &[("GET", "/a")],
        &["P281: `GET /a` is documented, but not routed", "P280: `HEAD /a` is routed, but not documented"],
    );
    check(
        &[("GET", "/a"), ("HEAD", "/a")],
        &[("GET", "/a")],
        &["P280: `HEAD /a` is routed, but not documented"],
    );
}

#[test]
fn a_custom_method_is_compared_too() {
    let (security, table) = (security(), rows(&[("GET", "/a"), ("PURGE", "/a")]));
    let mut documented = document(&[("GET", "/a")]);
    let item = documented.paths.paths.get_mut("/a").unwrap();
    item.additional_operations.insert("PURGE".to_owned(), item.get.clone().unwrap());
    assert!(OpenApiSecurity::new(&security, &table).write(documented.clone()).is_ok());
    let item = documented.paths.paths.get_mut("/a").unwrap();
    item.query = item.get.clone();
    let errors = OpenApiSecurity::new(&security, &table).write(documented).map(drop).unwrap_err();
    assert_eq!(errors.to_string(), "P281: `QUERY /a` is documented, but not routed");
}

#[test]
fn the_metadata_of_protected_resources_need_not_be_documented() {
    let security = security();
    let mut table = rows(&[("GET", "/a")]);
    let path = "/.well-known/oauth-protected-resource";
    table.add(Some(http::Method::GET), path, RoutePolicy::public("metadata"), MetadataRoute::HANDLER);
    assert!(OpenApiSecurity::new(&security, &table).write(document(&[("GET", "/a")])).is_ok());
}

#[test]
fn internal_routes_are_left_out_with_a_reason_and_no_others_are() {
    let security = security();
    let table = rows(&[("GET", "/a"), ("GET", "/docs"), ("GET", "/docs/{*rest}"), ("GET", "/docs2")]);
    let documented = || document(&[("GET", "/a"), ("GET", "/docs2")]);
    let codes = |internal: &[(&str, &str)]| {
        let mut writer = OpenApiSecurity::new(&security, &table);
        for (path, reason) in internal {
            writer = writer.internal(*path, *reason);
        }
        writer.write(documented()).map_or_else(|errors| errors.codes().collect::<Vec<_>>(), |_| Vec::new())
    };
    assert_eq!(codes(&[("/docs", "a page for people")]), Vec::<&str>::new());
    assert_eq!(codes(&[]), ["P280", "P280"]);
    assert_eq!(codes(&[("/docs", " ")]), ["P282"]);
    assert_eq!(codes(&[("/docs", "x"), ("/gone", "x")]), ["P282"]);
    assert_eq!(codes(&[("/", "everything")]), ["P282"]);
}
