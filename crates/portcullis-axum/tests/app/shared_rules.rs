//! Rules that all routes of a list share.

use portcullis_authz::{anonymous, authenticated, role, scope, tenant_matches};
use portcullis_axum::{Routes, SecureRouter, get, service};
use portcullis_core::ConfigErrors;

use crate::support::{Bench, security};

async fn list() {}

fn rules(routes: Routes) -> Vec<(String, String)> {
    let bench = Bench::new(routes);
    let rows = bench.app.route_table().rows().iter();
    rows.map(|row| (row.path.clone(), row.policy.rule().map(ToString::to_string).unwrap_or_default()))
        .collect()
}

#[track_caller]
fn refused(routes: Routes) -> ConfigErrors {
    let (security, _, _) = security();
    SecureRouter::new(security.build().unwrap()).mount(routes).finish().unwrap_err()
}

#[test]
fn every_route_of_the_list_demands_the_rule_whenever_it_was_added() {
    let nested = Routes::new().route("/nested", get(list).requires(scope("c")));
    let merged = Routes::new().route("/merged", get(list).requires(scope("d")));
    let shared = Routes::new()
        .route("/before", get(list).requires(scope("a")))
        .all_require(role("editor"))
        .route("/after", get(list).requires(scope("b").or(scope("x"))))
        .nest("/deep", nested)
        .merge(merged);
    let outside = Routes::new().route("/outside", get(list).requires(scope("e")));
    let found = rules(outside.nest("/in", shared));
    let expected = [
        ("/outside", "scope(e)"),
        ("/in/before", "scope(a) and role(editor)"),
        ("/in/after", "(scope(b) or scope(x)) and role(editor)"),
        ("/in/deep/nested", "scope(c) and role(editor)"),
        ("/in/merged", "scope(d) and role(editor)"),
    ];
    assert_eq!(found, expected.map(|(path, rule)| (path.to_owned(), rule.to_owned())));
}

#[test]
fn lists_within_lists_demand_what_both_do() {
    let inner = Routes::new().route("/x", get(list).requires(scope("a"))).all_require(role("editor"));
    let found = rules(Routes::new().nest("/in", inner).all_require(role("auditor")));
    assert_eq!(found[0].1, "scope(a) and role(editor) and role(auditor)");
}

#[test]
fn what_a_route_says_anyway_is_not_said_twice() {
    let found = rules(Routes::new().all_require(authenticated()).route("/x", get(list).requires(scope("a"))));
    assert_eq!(found[0].1, "scope(a)");
}

#[tokio::test]
async fn the_rule_is_enforced_on_handlers_and_on_whole_subtrees() {
    let foreign = tower::service_fn(async |_: axum::extract::Request| {
        Ok::<_, std::convert::Infallible>(axum::response::Response::<axum::body::Body>::default())
    });
    let bench = Bench::new(
        Routes::new().route("/open", get(list).requires(scope("read"))).merge(
            Routes::new()
                .all_require(role("admin"))
                .route("/closed", get(list).requires(scope("read")))
                .service("/files", service(foreign).requires(authenticated())),
        ),
    );
    for (path, status) in [("/open", 200), ("/closed", 403), ("/files", 403), ("/files/a", 403)] {
        assert_eq!(bench.call(bench.as_alice("GET", path)).await.status(), status, "{path}");
    }
    assert_eq!(bench.last_reason(), "insufficient_role");
}

#[test]
fn a_public_route_in_such_a_list_is_an_error() {
    let public = Routes::new().route("/x", get(list).public("for all")).all_require(authenticated());
    let errors = refused(public);
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P240"]);
    assert!(errors.to_string().contains("/x") && errors.to_string().contains("for all"), "{errors}");
}

#[test]
fn a_route_for_anonymous_callers_in_such_a_list_is_an_error() {
    let open = get(list).requires(scope("a").or(anonymous())).optional();
    let errors = refused(Routes::new().all_require(authenticated()).route("/x", open));
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P214", "P271"]);
}

/// The tenant of the path can be asked for only where the path has one: misspelt, it would refuse everybody.
#[test]
fn a_rule_about_a_parameter_that_the_path_has_not_is_an_error_of_the_start() {
    let routes = |parameter: &str| {
        let invoices = Routes::new().route("/invoices", get(list).requires(scope("read")));
        Routes::new().nest("/tenants/{tenant}", invoices.all_require(tenant_matches(parameter)))
    };
    let errors = refused(routes("tenat"));
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P228"]);
    let text = errors.to_string();
    assert!(text.contains("path parameter `tenat`") && text.contains("/tenants/{tenant}/invoices"), "{text}");
    assert_eq!(rules(routes("tenant"))[0].1, "scope(read) and tenant_matches(tenant)");
}

/// A21.1: the route that somebody adds beside the list.
#[test]
fn a_route_that_does_not_look_at_the_tenant_beside_others_that_do_is_an_error_of_the_start() {
    let invoices = Routes::new().route("/invoices", get(list).requires(scope("read")));
    let walled = Routes::new().nest("/tenants/{tenant}", invoices.all_require(tenant_matches("tenant")));
    let errors = refused(walled.route("/tenants/{tenant}/notes", get(list).requires(scope("read"))));
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P229"]);
    assert!(errors.to_string().contains("`GET /tenants/{tenant}/notes`"), "{errors}");
}
