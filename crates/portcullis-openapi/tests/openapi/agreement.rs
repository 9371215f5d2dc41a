//! Document and application have the same operations, or it is an error.

use http::Method;
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
    check(&[("ANY", "/a")], &FIVE, &[]);
}

/// What a route for all methods is documented by.
const FIVE: [(&str, &str); 5] =
    [("GET", "/a"), ("POST", "/a"), ("PUT", "/a"), ("PATCH", "/a"), ("DELETE", "/a")];

#[test]
fn a_route_for_all_methods_is_documented_by_what_clients_may_send_there() {
    check(
        &[("ANY", "/a")],
        &FIVE[..1],
        &[
            "P280: `ANY /a` is routed, but documented by `GET` alone: document `POST`, `PUT`, `PATCH`, `DELETE` too, route no \
           other methods than those that the handler takes, or name these by `only_methods`",
        ],
    );
    check(&[("ANY", "/a")], &[], &["P280: `ANY /a` is routed, but not documented"]);
    let more: Vec<_> = FIVE.into_iter().chain([("HEAD", "/a"), ("OPTIONS", "/a"), ("TRACE", "/a")]).collect();
    check(&[("ANY", "/a")], &more, &[]);
    check(&[("ANY", "/a/{*rest}")], &FIVE.map(|(method, _)| (method, "/a/{path}")), &[]);
}

#[test]
fn methods_are_left_out_with_a_reason_and_no_others_are() {
    #[track_caller]
    fn check(documented: &[(&str, &str)], only: &[(&str, &[Method], &str)], expected: &[&str]) {
        let (security, table) = (security(), rows(&[("ANY", "/a"), ("GET", "/b")]));
        let mut writer = OpenApiSecurity::new(&security, &table);
        for (path, methods, reason) in only {
            writer = writer.only_methods(*path, methods.iter().cloned(), *reason);
        }
        let documented: Vec<_> = documented.iter().copied().chain([("GET", "/b")]).collect();
        let errors = writer.write(document(&documented)).map(drop).err();
        let errors: Vec<String> =
            errors.iter().flat_map(|errors| errors.iter().map(ToString::to_string)).collect();
        assert_eq!(errors, expected, "{only:?}");
    }
    const WHY: &str = "the handler refuses the rest";
    check(&[("POST", "/a")], &[("/a", &[Method::POST], WHY)], &[]);
    check(&[("GET", "/a"), ("HEAD", "/a")], &[("/a", &[Method::GET], WHY)], &[]);
    check(&[("GET", "/a")], &[("/a", &[Method::GET, Method::HEAD], WHY)], &[]);
    check(
        &[("POST", "/a")],
        &[("/a", &[Method::POST, Method::PUT], WHY)],
        &["P280: `ANY /a` is to be documented by `PUT` too"],
    );
    check(&[], &[("/a", &[Method::POST], WHY)], &["P280: `ANY /a` is routed, but not documented"]);
    check(
        &FIVE[..2],
        &[("/a", &[Method::POST], WHY)],
        &["P282: `GET /a` is left out of the document, which has it: name `GET` among its methods"],
    );
    check(
        &FIVE,
        &[("/a", &[], WHY)],
        &["P282: every method of `/a` is left out of the document: say `internal`"],
    );
    check(
        &[("POST", "/a")],
        &[("/a", &[Method::POST], " ")],
        &["P282: methods of `/a` are left out of the document without a reason"],
    );
    for path in ["/b", "/gone"] {
        let error = format!(
            "P282: methods of `{path}` are left out of the document, but no route for all methods is there"
        );
        check(&FIVE, &[(path, &[Method::GET], WHY)], &[&error]);
    }
}

/// RFC 9110 §9.3.2: `HEAD` comes with `GET`, and not the other way round.
#[test]
fn a_route_for_get_is_not_documented_by_head() {
    check(&[("GET", "/a")], &[("HEAD", "/a")], &["P280: `GET /a` is routed, but not documented"]);
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
    table.add(Some(Method::GET), path, RoutePolicy::public("metadata"), MetadataRoute::HANDLER);
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
