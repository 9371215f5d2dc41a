//! All that is missing or contradictory is reported at once.

use std::convert::Infallible;

use http::{Method, Request, Response};
use portcullis_audit::MemorySink;
use portcullis_authz::{authenticated, scope};
use portcullis_edge::{Cors, TrustedProxies};
use portcullis_ratelimit::{MINUTE, client_ip, per};
use portcullis_stack::{RouteList, RoutePolicy, Security, SecurityBuilder};
use tower::service_fn;

#[track_caller]
fn check(security: SecurityBuilder, expected: &[&str]) {
    let errors = security.build().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), expected, "{errors}");
}

#[test]
fn an_audit_is_named_or_refused_by_name() {
    check(Security::builder(), &["P503"]);
    assert!(Security::builder().insecure_no_audit().build().is_ok());
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    let wrong = Security::builder()
        .realm("a\"b")
        .public_url("api.example.com")
        .limit(per(client_ip()).requests(0).every(MINUTE))
        .cors(Cors::allow("app.example.com"))
        .trusted_proxies(TrustedProxies::none().network("nonsense").network("0.0.0.0/0"));
    check(wrong, &["P405", "P107", "P301", "P402", "P404", "P401", "P503"]);
}

#[test]
fn two_limits_of_one_name_are_told_apart_by_nobody() {
    let limit = || per(client_ip()).requests(5).every(MINUTE);
    check(Security::builder().insecure_no_audit().limit(limit()).limit(limit()), &["P305"]);
    let security = Security::builder().audit(MemorySink::keeping(1)).limit(limit()).build().unwrap();
    let errors = security.gate("/a", &RoutePolicy::public("x").limit(limit())).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P305"]);
}

#[test]
fn a_rule_without_a_scheme_is_an_error() {
    let security = Security::builder().insecure_no_audit().build().unwrap();
    let errors = security.gate("/a", &RoutePolicy::requires(authenticated())).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P101"]);
}

#[test]
fn a_list_of_routes_is_checked_as_a_whole() {
    let security = Security::builder().insecure_no_audit().build().unwrap();
    let application =
        || service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(bytes::Bytes::new())));
    let none = security.protect(&RouteList::new(), application()).unwrap_err();
    assert_eq!(none.codes().collect::<Vec<_>>(), ["P208"]);
    let routes = RouteList::new()
        .route(Method::GET, "/a/{x}", "one", RoutePolicy::public("x"))
        .route(Method::GET, "/a/{y}", "two", RoutePolicy::public("x"))
        .route(Method::GET, "b", "three", RoutePolicy::requires(scope("not a scope")));
    let errors = security.protect(&routes, application()).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P202", "P203", "P206", "P101"], "{errors}");
}

/// Somebody meant the route to be protected.
#[test]
fn a_public_route_that_speaks_of_credentials_contradicts_itself() {
    let security = Security::builder().insecure_no_audit().build().unwrap();
    let public = || RoutePolicy::public("x");
    assert!(security.gate("/a", &public()).is_ok());
    for policy in [public().via(["key"]), public().optional()] {
        let errors = security.gate("/a", &policy).unwrap_err();
        assert_eq!(errors.codes().collect::<Vec<_>>(), ["P209"]);
    }
}
