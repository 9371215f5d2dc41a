//! `security` of each operation, from its rule and its schemes.

use portcullis_authz::engine::{DecisionPoint, Question, ask};
use portcullis_authz::{
    Demand, Rule, acr, all_scopes, anonymous, any_scope, authenticated, claim, role, scope,
};
use portcullis_core::{Decision, Mode, Reason, Scopes, Step};
use portcullis_stack::RoutePolicy;
use serde_json::{Value, json};

use crate::support::{of_route, operation, security};

#[track_caller]
fn check(policy: RoutePolicy, security_of_operation: &Value, extension: &Value) {
    let text = policy.to_string();
    let document = of_route(&security(), policy);
    assert_eq!(&operation(&document)["security"], security_of_operation, "{text}");
    assert_eq!(&operation(&document)["x-portcullis"], extension, "{text}");
    assert_eq!(document["security"], Value::Null);
}

fn requires(rule: Rule) -> RoutePolicy {
    RoutePolicy::requires(rule).via(["token"])
}

#[test]
fn scopes_are_alternatives_or_one_list_as_the_rule_says() {
    check(requires(scope("a")), &json!([{ "token": ["a"] }]), &Value::Null);
    check(requires(all_scopes(["b", "a"])), &json!([{ "token": ["b", "a"] }]), &Value::Null);
    check(requires(any_scope(["a", "b"])), &json!([{ "token": ["a"] }, { "token": ["b"] }]), &Value::Null);
    check(
        requires(scope("a").and(any_scope(["b", "c"]))),
        &json!([{ "token": ["a", "b"] }, { "token": ["a", "c"] }]),
        &Value::Null,
    );
    check(requires(authenticated()), &json!([{ "token": [] }]), &Value::Null);
}

#[test]
fn every_scheme_of_the_route_is_an_alternative() {
    let both = json!([{ "token": ["a"] }, { "key": ["a"] }]);
    check(RoutePolicy::requires(scope("a")), &both, &Value::Null);
    check(RoutePolicy::requires(scope("a")).via(["key"]), &json!([{ "key": ["a"] }]), &Value::Null);
}

#[test]
fn a_public_operation_asks_for_nothing() {
    let document = of_route(&security(), RoutePolicy::public("probe"));
    assert_eq!(operation(&document)["security"], json!([]));
    assert_eq!(document["components"]["securitySchemes"], Value::Null);
}

#[test]
fn optional_credentials_have_the_empty_alternative_if_the_rule_lets_callers_in_without() {
    let open = anonymous().or(authenticated());
    check(requires(open.clone()).optional(), &json!([{ "token": [] }, {}]), &Value::Null);
    check(requires(open), &json!([{ "token": [] }]), &Value::Null);
    check(requires(authenticated()).optional(), &json!([{ "token": [] }]), &Value::Null);
}

#[test]
fn what_a_decision_point_or_the_handler_asks_of_callers_leaves_no_way_in_without() {
    let open = || requires(anonymous().or(authenticated())).optional();
    let told = |policy| operation(&of_route(&security(), policy))["security"].clone();
    let login = json!([{ "token": [] }]);
    assert_eq!(told(open().demand("permit(Read Document)")), login);
    assert_eq!(told(open().asks(ask(Nobody))), login);
    assert_eq!(told(open().asks(ask(Nobody).in_mode(Mode::Percent(10)))), login);
    assert_eq!(told(open().asks(ask(Nobody).in_mode(Mode::Shadow))), json!([{ "token": [] }, {}]));
    assert_eq!(told(requires(anonymous()).optional()), json!([{}]));
    assert_eq!(told(requires(anonymous()).optional().demand("permit(Read Document)")), login);
}

struct Nobody;

impl DecisionPoint for Nobody {
    fn name(&self) -> &str {
        "nobody"
    }

    fn decide(&self, _: &Question<'_>) -> Step<Decision> {
        Step::Done(Decision::deny(Reason::PolicyDenied))
    }
}

#[test]
fn what_openapi_has_no_words_for_stands_in_the_extension() {
    check(
        requires(scope("a").and(role("editor")).or(role("admin"))),
        &json!([{ "token": ["a"] }, { "token": [] }]),
        &json!({ "demands": [{ "scopes": ["a"], "roles": ["editor"] }, { "roles": ["admin"] }] }),
    );
    check(
        requires(claim("department", "a secret").and(acr("phr")).and(!role("guest"))),
        &json!([{ "token": [] }]),
        &json!({ "demands": [{ "conditions": ["claim(department)", "acr(phr)", "not role(guest)"] }] }),
    );
}

#[test]
fn what_the_handler_demands_is_a_condition_of_every_way() {
    let policy = requires(any_scope(["a", "b"])).demand("permit(Read Document)");
    check(
        policy,
        &json!([{ "token": ["a"] }, { "token": ["b"] }]),
        &json!({ "demands": [
            { "scopes": ["a"], "conditions": ["permit(Read Document)"] },
            { "scopes": ["b"], "conditions": ["permit(Read Document)"] },
        ] }),
    );
}

#[test]
fn the_scopes_that_the_handler_demands_belong_to_every_way() {
    let scoped = || Demand::new("scopes(b c)").asking_scopes(Scopes::parse("c b").unwrap());
    let with = |rule| requires(rule).demand(scoped());
    check(with(authenticated()), &json!([{ "token": ["b", "c"] }]), &Value::Null);
    check(
        with(any_scope(["a", "b"])),
        &json!([{ "token": ["a", "b", "c"] }, { "token": ["b", "c"] }]),
        &Value::Null,
    );
    check(with(anonymous()).optional(), &json!([{ "token": ["b", "c"] }]), &Value::Null);
    check(
        with(role("editor")).demand("permit(Read Document)"),
        &json!([{ "token": ["b", "c"] }]),
        &json!({ "demands": [
            { "scopes": ["b", "c"], "roles": ["editor"], "conditions": ["permit(Read Document)"] },
        ] }),
    );
    let security = security();
    let table = crate::support::table(&security, &[("GET", "/a", with(role("editor")))]);
    let hidden = portcullis_openapi::OpenApiSecurity::new(&security, &table).hide_conditions();
    let hidden = hidden.write(crate::support::document(&[("GET", "/a")])).unwrap();
    let hidden = serde_json::to_value(hidden).unwrap();
    assert_eq!(operation(&hidden)["security"], json!([{ "token": ["b", "c"] }]));
}

/// It still wants a caller, and what is absent is still not found.
#[test]
fn a_guard_in_the_shadow_stands_there_as_such() {
    let told = |mode| {
        let permit = Demand::new("permit(Read Document)").in_mode(mode);
        let document = of_route(&security(), requires(authenticated()).demand(permit));
        operation(&document)["x-portcullis"]["demands"][0]["conditions"].clone()
    };
    assert_eq!(told(Mode::Enforce), json!(["permit(Read Document)"]));
    assert_eq!(told(Mode::Percent(25)), json!(["permit(Read Document) [25 %]"]));
    assert_eq!(told(Mode::Shadow), json!(["permit(Read Document) [shadow]"]));
}

#[test]
fn what_the_application_forbids_everywhere_is_a_condition_of_every_operation() {
    let security = crate::support::build(|security| {
        security.scheme("token", crate::support::Stub::tokens(&[])).forbid(role("suspended"))
    });
    let document = of_route(&security, requires(scope("a")));
    let demands = json!([{ "scopes": ["a"], "conditions": ["not role(suspended)"] }]);
    assert_eq!(operation(&document)["x-portcullis"]["demands"], demands);
    let public = of_route(&security, RoutePolicy::public("x"));
    assert_eq!(operation(&public)["x-portcullis"], Value::Null);
}

#[test]
fn what_is_forbidden_stands_where_it_is_enforced_from_the_values_that_enforce() {
    let security = crate::support::build(|security| {
        let security = security.scheme("token", crate::support::Stub::tokens(&[]));
        security
            .forbid(role("suspended"))
            .forbid(claim("department", "secret"))
            .forbid(role("new").shadowed())
    });
    let told = |policy| operation(&of_route(&security, policy))["x-portcullis-forbid"].clone();
    let everywhere = json!(["role(suspended)", "claim(department)"]);
    assert_eq!(told(requires(authenticated())), everywhere);
    let own = requires(scope("a").unless(role("guest")));
    assert_eq!(told(own), json!(["role(guest)", "role(suspended)", "claim(department)"]));
    // Whatever the ways to satisfy the rule, of which there may be too many to tell.
    let scopes: Vec<String> = (0..100).map(|number| format!("s{number}")).collect();
    assert_eq!(told(requires(any_scope(scopes))), everywhere);
    // Nobody is looked at there.
    assert_eq!(told(RoutePolicy::public("x")), Value::Null);
    let free = of_route(&crate::support::security(), requires(authenticated()));
    assert_eq!(operation(&free)["x-portcullis-forbid"], Value::Null);

    let table = crate::support::table(&security, &[("GET", "/a", requires(scope("a")))]);
    let hidden = portcullis_openapi::OpenApiSecurity::new(&security, &table).hide_conditions();
    let hidden = hidden.write(crate::support::document(&[("GET", "/a")])).unwrap();
    assert!(!serde_json::to_string(&hidden).unwrap().contains("suspended"));
}

#[test]
fn a_rule_with_too_many_ways_is_told_as_such() {
    let scopes: Vec<String> = (0..100).map(|number| format!("s{number}")).collect();
    let document = of_route(&security(), requires(any_scope(scopes)));
    assert_eq!(operation(&document)["security"], json!([{ "token": [] }]));
    let condition = &operation(&document)["x-portcullis"]["demands"][0]["conditions"][0];
    assert!(condition.as_str().unwrap().contains("more than 64 ways"), "{condition}");
}

#[test]
fn conditions_are_hidden_if_that_is_asked_for() {
    let security = security();
    let table = crate::support::table(&security, &[("GET", "/a", requires(role("admin")))]);
    let written = portcullis_openapi::OpenApiSecurity::new(&security, &table).hide_conditions();
    let document = written.write(crate::support::document(&[("GET", "/a")])).unwrap();
    assert!(!serde_json::to_string(&document).unwrap().contains("admin"));
}

#[test]
fn what_the_document_said_before_is_replaced() {
    let security = security();
    let table = crate::support::table(&security, &[("GET", "/a", requires(scope("a")))]);
    let mut document = crate::support::document(&[("GET", "/a")]);
    let claimed = utoipa::openapi::SecurityRequirement::new("nobody", ["x"]);
    document.security = Some(vec![claimed.clone()]);
    document.paths.paths.get_mut("/a").unwrap().get.as_mut().unwrap().security = Some(vec![claimed]);
    let written = portcullis_openapi::OpenApiSecurity::new(&security, &table).write(document).unwrap();
    let written = serde_json::to_value(written).unwrap();
    assert_eq!(operation(&written)["security"], json!([{ "token": ["a"] }]));
    assert!(!written.to_string().contains("nobody"));
}
