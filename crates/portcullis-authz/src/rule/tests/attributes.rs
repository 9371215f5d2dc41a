use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http::Request;
use portcullis_core::{ClientAddress, Clock, CredentialMethod, Principal, PrincipalBuilder, Reason, Trail};

use super::super::*;
use crate::PathParameters;

fn alice() -> PrincipalBuilder {
    Principal::builder("alice", CredentialMethod::Jwt).issuer("https://id.example").groups(["staff"])
}

fn request(caller: PrincipalBuilder, path: &str, route: Option<&str>) -> Request<()> {
    let mut request = Request::builder().uri(path).body(()).unwrap();
    let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
    trail.authenticated(caller.build()).unwrap();
    trail.set_client(ClientAddress::Peer("10.1.2.3".parse().unwrap()));
    if let Some(route) = route {
        trail.set_route(Arc::from(route));
    }
    request
}

#[track_caller]
fn check(rule: &Rule, request: &Request<()>, expected: Reason) {
    assert_eq!(rule.evaluate(&RequestView::of(request).unwrap()).reason(), expected, "{rule}");
}

/// A21.1, ASVS 8.4.1: no tenant reaches the path of another.
#[test]
fn a_path_is_that_of_the_callers_own_tenant_or_refused() {
    use Reason::{Misconfigured, RuleSatisfied, TenantMismatch};

    let rule = tenant_matches("tenant");
    let of = |tenant: &str| alice().tenant(tenant);
    let template = "/tenants/{tenant}/invoices";
    for (caller, path, route, expected) in [
        (of("acme"), "/tenants/acme/invoices", Some(template), RuleSatisfied),
        (of("acme"), "/tenants/%61cme/invoices", Some(template), RuleSatisfied),
        (of("a b/é"), "/tenants/a%20b%2F%C3%a9/invoices", Some(template), RuleSatisfied),
        (of("acme"), "/tenants/globex/invoices", Some(template), TenantMismatch),
        (of("acme"), "/tenants/ACME/invoices", Some(template), TenantMismatch),
        (of("acme"), "/tenants/acme%00/invoices", Some(template), TenantMismatch),
        (of("acme"), "/tenants/acm/invoices", Some(template), TenantMismatch),
        (of("acme"), "/tenants/acme%/invoices", Some(template), TenantMismatch),
        (of("%61cme"), "/tenants/%61cme/invoices", Some(template), TenantMismatch),
        (alice(), "/tenants/acme/invoices", Some(template), TenantMismatch),
        (of(""), "/tenants/acme/invoices", Some(template), TenantMismatch),
        (of("acme"), "/tenants/acme/invoices", Some("/tenants/{other}/invoices"), Misconfigured),
        (of("acme"), "/acme", Some(template), Misconfigured),
        (of("acme"), "/tenants/acme/invoices", None, Misconfigured),
        (alice(), "/tenants/acme/invoices", None, Misconfigured),
    ] {
        let request = request(caller, path, route);
        check(&rule, &request, expected);
        // What is not known does not become a pass.
        if expected == Misconfigured {
            check(&!rule.clone(), &request, Misconfigured);
        }
    }
}

#[test]
fn parameters_that_a_router_left_are_taken_before_the_template() {
    let rule = tenant_matches("tenant");
    let with = |parameters: Option<PathParameters>| {
        let mut request = request(alice().tenant("acme"), "/x", None);
        parameters.map(|parameters| request.extensions_mut().insert(parameters));
        request
    };
    check(&rule, &with(Some(PathParameters::new([("tenant", "acme")]))), Reason::RuleSatisfied);
    check(&rule, &with(Some(PathParameters::new([("tenant", "globex")]))), Reason::TenantMismatch);
    check(&rule, &with(PathParameters::read("/{tenant}", "/%FF")), Reason::TenantMismatch);
    check(&rule, &with(Some(PathParameters::new([("other", "acme")]))), Reason::Misconfigured);
}

#[test]
fn a_tenant_is_refused_with_403_and_a_missing_parameter_with_500() {
    let decide = |route: &str| {
        let request = request(alice().tenant("acme"), "/globex", Some(route));
        tenant_matches("tenant").decide(&RequestView::of(&request).unwrap()).unwrap_err()
    };
    assert_eq!(
        (decide("/{tenant}").status().as_u16(), decide("/{tenant}").reason()),
        (403, Reason::TenantMismatch)
    );
    let misconfigured = decide("/{other}");
    assert_eq!(misconfigured.status(), 500);
    assert!(misconfigured.explanation().unwrap().contains("no path parameter `tenant`"));
}

#[test]
fn conditions_on_the_credential_and_the_client() {
    use Reason::{ConditionNotMet, RuleSatisfied};

    let request = request(alice().client_id("back-office"), "/", None);
    for (rule, expected) in [
        (client("back-office"), RuleSatisfied),
        (client("Back-Office"), ConditionNotMet),
        (any_client(["web", "back-office"]), RuleSatisfied),
        (any_client(["web", "app"]), ConditionNotMet),
        (group("staff"), RuleSatisfied),
        (group("board"), ConditionNotMet),
        (issuer("https://id.example"), RuleSatisfied),
        (issuer("https://id.example/"), ConditionNotMet),
        (via_method(CredentialMethod::Jwt), RuleSatisfied),
        (via_method(CredentialMethod::Basic), ConditionNotMet),
        (network("10.0.0.0/8"), RuleSatisfied),
        (any_network(["192.0.2.0/24", "10.1.2.3"]), RuleSatisfied),
        (network("192.0.2.0/24"), ConditionNotMet),
        (when("yes", |_| true), RuleSatisfied),
        (when("no", |_| false), ConditionNotMet),
        (!group("board"), RuleSatisfied),
        (!group("staff"), Reason::ExplicitlyDenied),
    ] {
        check(&rule, &request, expected);
    }
    check(&client("back-office"), &self::request(alice(), "/", None), ConditionNotMet);
}

#[test]
fn a_network_or_a_time_alone_lets_nobody_in_who_is_not_known() {
    let mut request = Request::new(());
    let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
    trail.anonymous().unwrap();
    trail.set_client(ClientAddress::Peer("10.1.2.3".parse().unwrap()));
    check(&network("10.0.0.0/8"), &request, Reason::MissingCredentials);
    check(&within_hours(0, 24), &request, Reason::MissingCredentials);
    check(&anonymous().and(network("10.0.0.0/8")), &request, Reason::RuleSatisfied);
    check(&anonymous().and(network("11.0.0.0/8")), &request, Reason::ConditionNotMet);
    assert!(!anonymous().and(network("10.0.0.0/8")).needs_principal());
    assert!(anonymous().and(group("x")).needs_principal());
}

#[test]
fn a_client_whose_address_is_not_known_is_in_no_network() {
    let mut request = Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice().build()).unwrap();
    check(&network("0.0.0.0/0"), &request, Reason::ConditionNotMet);
    check(&network("::/0"), &request, Reason::ConditionNotMet);
    // Nor is it outside of one: a list of bad networks is not passed by hiding.
    check(&!network("192.0.2.0/24"), &request, Reason::ConditionNotMet);
    check(&authenticated().unless(network("192.0.2.0/24")), &request, Reason::ConditionNotMet);
    check(&authenticated().or(network("192.0.2.0/24")), &request, Reason::RuleSatisfied);
}

#[test]
fn words_that_mean_nothing_are_errors_and_refuse_with_500() {
    let request = request(alice(), "/", None);
    for (rule, code) in [
        (network("ten"), "P404"),
        (any_network([""; 0]), "P204"),
        (any_client([""; 0]), "P204"),
        (client(""), "P204"),
        (group(""), "P204"),
        (issuer(""), "P204"),
        (tenant_matches(""), "P204"),
        (within_hours(9, 9), "P204"),
        (within_hours(9, 25), "P204"),
        (permission("p"), "P218"),
        (permission(""), "P204"),
    ] {
        assert_eq!(rule.lint().first().map(|error| error.code().code()), Some(code), "{rule}");
        check(&rule, &request, Reason::Misconfigured);
        check(&!rule, &request, Reason::Misconfigured);
    }
}

#[test]
fn print_and_serialise_as_they_are_written() {
    let moment = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for (rule, text, json) in [
        (tenant_matches("t"), "tenant_matches(t)", r#"{"tenant_matches":"t"}"#),
        (network("10.0.0.0/8"), "network(10.0.0.0/8)", r#"{"network":"10.0.0.0/8"}"#),
        (
            any_network(["10.0.0.0/8", "::1"]),
            "any_network(10.0.0.0/8, ::1)",
            r#"{"any_network":["10.0.0.0/8","::1"]}"#,
        ),
        (client("c"), "client(c)", r#"{"client":"c"}"#),
        (any_client(["c", "d"]), "any_client(c, d)", r#"{"any_client":["c","d"]}"#),
        (group("g\n"), "group(g\\u{a})", r#"{"group":"g\n"}"#),
        (issuer("i"), "issuer(i)", r#"{"issuer":"i"}"#),
        (via_method(CredentialMethod::Jwt), "via_method(jwt)", r#"{"via_method":"jwt"}"#),
        (within_hours(9, 17), "within_hours(9-17 UTC)", r#"{"within_hours":{"from":9,"until":17}}"#),
        (before(moment), "before(@1700000000)", r#"{"before":1700000000}"#),
        (after(moment), "after(@1700000000)", r#"{"after":1700000000}"#),
        (when("w", |_| true), "when(w)", r#"{"when":"w"}"#),
        (permission("p"), "permission(p)", r#"{"permission":"p"}"#),
        (scope("a").shadowed(), "shadow(scope(a))", r#"{"in_mode":{"mode":"shadow","rule":{"scope":"a"}}}"#),
        (
            scope("a").in_mode(portcullis_core::Mode::Percent(10)),
            "enforced_for 10% (scope(a))",
            r#"{"in_mode":{"mode":"enforced_for 10%","rule":{"scope":"a"}}}"#,
        ),
        (
            scope("a").unless(role("r").or(role("s"))),
            "scope(a) unless (role(r) or role(s))",
            r#"{"unless":{"allow":{"scope":"a"},"deny":[{"role":"r"},{"role":"s"}]}}"#,
        ),
    ] {
        assert_eq!(rule.to_string(), text);
        assert_eq!(serde_json::to_string(&rule).unwrap(), json);
        assert_eq!(rule, rule.clone());
    }
    assert_eq!(group("g"), group("g"));
    assert_ne!(group("g"), issuer("g"));
    assert_ne!(within_hours(1, 2), within_hours(1, 3));
}
