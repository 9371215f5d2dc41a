//! What is wrong with a list of routes is reported at once, before anything is served.

use portcullis_authz::{authenticated, scope};
use portcullis_axum::{Routes, SecureRouter, get, post};
use portcullis_ratelimit::{MINUTE, attempted_user, client_ip, per};

use crate::support::security;

#[track_caller]
fn check(routes: Routes, expected: &[&str]) {
    let (security, ..) = security();
    let errors = SecureRouter::new(security.build().unwrap()).mount(routes).finish().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), expected, "{errors}");
}

#[test]
fn an_application_without_routes_is_refused() {
    check(Routes::new(), &["P208"]);
}

#[test]
fn duplicates_and_conflicts_are_errors_and_no_panic() {
    let ok = || get(async || ()).requires(authenticated());
    check(Routes::new().route("/a", ok()).route("/a", ok()), &["P201"]);
    check(Routes::new().route("/a/{x}", ok()).route("/a/{y}", ok()), &["P202"]);
    check(Routes::new().route("/a/{x}", ok()).route("/a/{*rest}", ok()), &["P202"]);
}

#[test]
fn invalid_paths_are_errors_and_no_panic() {
    let ok = || get(async || ()).requires(authenticated());
    for path in ["", "a", "/:id", "/*rest", "/{", "/{a}{b}", "/{*rest}/more", "/{}"] {
        check(Routes::new().route(path, ok()), &["P203"]);
    }
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    let routes = Routes::new()
        .route("/a", get(async || ()).requires(scope("not a scope")))
        .route("/b", get(async || ()).requires(authenticated()).via("nobody"))
        .route("/c", get(async || ()).requires(authenticated().and(!authenticated())))
        .route("/d", get(async || ()).public(" "))
        .route(
            "/e",
            get(async || ()).requires(authenticated()).limit(per(client_ip()).requests(0).every(MINUTE)),
        )
        .route(
            "/f",
            post(async || ()).public("log in").limit(per(attempted_user()).requests(5).every(MINUTE)),
        );
    check(routes, &["P206", "P104", "P204", "P205", "P301", "P303"]);
}

/// Two paths that no router can tell apart, one that stands twice, and a rule that never matches.
#[test]
fn every_conflict_is_reported_at_once_with_whatever_else_is_wrong() {
    let ok = || get(async || ()).requires(authenticated());
    let routes = Routes::new()
        .route("/a/{x}", ok())
        .route("/a/{y}", ok())
        .route("/b/{x}", ok())
        .route("/b/{*rest}", ok())
        .route("/c", ok())
        .route("/c", ok())
        .route("/d", get(async || ()).requires(authenticated().and(!authenticated())));
    check(routes, &["P202", "P202", "P201", "P204"]);
}

#[test]
fn each_error_names_its_route() {
    let (security, ..) = security();
    let routes = Routes::new().route("/d", get(async || ()).public(""));
    let errors = SecureRouter::new(security.build().unwrap()).mount(routes).finish().unwrap_err();
    assert!(errors.to_string().starts_with("P205: /d: "), "{errors}");
}
