//! What is wrong with routes beyond their rules, and what is only worth a look.

use http::Method;
use portcullis_audit::MemorySink;
use portcullis_authn::{ApiKeySet, ApiKeys, Basic, StaticUsers};
use portcullis_authz::engine::{DecisionPoint, Question, ask};
use portcullis_authz::{
    Demand, Rule, anonymous, any_scope, authenticated, claim, permission, role, scope, tenant_matches,
};
use portcullis_core::{Decision, Mode, Reason, Step};
use portcullis_edge::PathPolicy;
use portcullis_ratelimit::{MINUTE, attempted_user, client_ip, per};
use portcullis_stack::{RoutePolicy, RouteTable, Security, SecurityBuilder};

use crate::support::KEY;

/// Takes keys, and passwords where they are named.
fn builder() -> SecurityBuilder {
    let users = StaticUsers::builder().build().unwrap();
    Security::builder()
        .scheme("key", ApiKeys::header(KEY).keys(ApiKeySet::new([]).unwrap()))
        .scheme("password", Basic::new(users).only_where_named())
        .audit(MemorySink::keeping(1))
}

#[track_caller]
fn check_gate(security: &Security, path: &str, policy: &RoutePolicy, expected: &[&str]) {
    let codes = match security.gate(path, policy) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.codes().collect(),
    };
    assert_eq!(codes, expected, "{path} {policy}");
}

#[test]
fn a_path_that_no_request_can_have_is_an_error() {
    let security = builder().build().unwrap();
    let public = RoutePolicy::public("x");
    check_gate(&security, "/a", &public, &[]);
    for path in ["/a//b", "/%61dmin", "/a?b", "/caf\u{e9}", "/a%2Fb"] {
        check_gate(&security, path, &public, &["P270"]);
    }
    let lenient = builder().paths(PathPolicy::strict().allow_encoded_slash()).build().unwrap();
    check_gate(&lenient, "/a%2Fb", &public, &[]);
    check_gate(&lenient, "/a//b", &public, &["P270"]);
}

#[test]
fn optional_credentials_without_effect_are_an_error() {
    let security = builder().build().unwrap();
    let requires = |rule: Rule| RoutePolicy::requires(rule);
    check_gate(&security, "/a", &requires(scope("a")), &[]);
    check_gate(&security, "/a", &requires(scope("a")).optional(), &["P271"]);
    check_gate(&security, "/a", &requires(anonymous().or(scope("a"))).optional(), &[]);
    check_gate(&security, "/a", &requires(anonymous().or(scope("a"))), &["P271"]);
}

/// The advice about routes that take the key unless they say otherwise, without that about unused schemes.
#[track_caller]
fn check(security: SecurityBuilder, method: Option<Method>, policy: RoutePolicy, expected: &[&str]) {
    let text = policy.to_string();
    let mut table = RouteTable::of(&security.build().unwrap());
    table.add(method, "/a", policy, "handler");
    let codes: Vec<_> = table.advice().iter().map(|advice| advice.code().code()).collect();
    let codes: Vec<_> = codes.into_iter().filter(|code| *code != "P278").collect();
    assert_eq!(codes, expected, "{text}");
}

#[test]
fn a_public_change_is_worth_a_look() {
    let public = || RoutePolicy::public("x");
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        check(builder(), Some(method), public(), &[]);
    }
    for method in [Some(Method::POST), Some(Method::DELETE), Some("PURGE".parse().unwrap()), None] {
        check(builder(), method, public(), &["P275"]);
    }
}

#[test]
fn a_change_by_every_caller_is_worth_a_look() {
    let post = || Some(Method::POST);
    let requires = |rule: Rule| RoutePolicy::requires(rule);
    check(builder(), post(), requires(authenticated()), &["P276"]);
    check(builder(), post(), requires(scope("a").or(authenticated())), &["P276"]);
    check(builder(), Some(Method::GET), requires(authenticated()), &[]);
    check(builder(), post(), requires(authenticated()).demand("permit(Write Document)"), &[]);
    let guarded =
        |mode| requires(authenticated()).demand(Demand::new("permit(Write Document)").in_mode(mode));
    check(builder(), post(), guarded(Mode::Percent(1)), &[]);
    check(builder(), post(), guarded(Mode::Shadow), &["P276"]);
    let asks = |mode| requires(authenticated()).asks(ask(Nobody).in_mode(mode));
    check(builder(), post(), asks(Mode::Enforce), &[]);
    check(builder(), post(), asks(Mode::Shadow), &["P276"]);
    for rule in [scope("a"), any_scope(["a", "b"]), role("a"), !role("guest")] {
        check(builder(), post(), requires(rule), &[]);
    }
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

/// Routes beside one with a guard.
#[track_caller]
fn check_parameter(path: &str, policy: RoutePolicy, expected: &[&str]) {
    let text = policy.to_string();
    let row =
        |table: &mut RouteTable, path: &str, policy| table.add(Some(Method::GET), path, policy, "handler");
    let mut table = RouteTable::new();
    row(&mut table, path, policy);
    assert!(table.advice().is_empty(), "no other route has a guard: {:?}", table.advice());
    row(&mut table, "/documents/{id}", RoutePolicy::requires(scope("a")).demand(permit()));
    let told: Vec<_> = table.advice().iter().map(ToString::to_string).collect();
    assert_eq!(told, expected, "{text}");
}

fn permit() -> Demand {
    Demand::new("permit(Read Document)").by_policy()
}

#[test]
fn a_parameter_that_only_scopes_protect_beside_routes_with_a_guard_is_worth_a_look() {
    let advice = "P274: GET /notes/{id}: nothing but scopes is asked for, whatever `{id}` names; other routes have a guard";
    let requires = |rule: Rule| RoutePolicy::requires(rule);
    for rule in [scope("a"), any_scope(["a", "b"]), authenticated(), scope("a").or(role("admin"))] {
        check_parameter("/notes/{id}", requires(rule), &[advice]);
    }
    check_parameter("/notes/{id}", requires(scope("a")).demand("scopes(a)"), &[advice]);
    let nested = advice.replace("/notes/{id}", "/teams/{team}/notes/{id}.json");
    check_parameter("/teams/{team}/notes/{id}.json", requires(scope("a")), &[&nested]);
}

#[test]
fn a_parameter_that_something_looks_at_or_that_names_no_resource_is_none() {
    let requires = |rule: Rule| RoutePolicy::requires(rule);
    for rule in [
        tenant_matches("id"),
        scope("a").and(role("admin")),
        scope("a").and(permission("documents:publish")),
        scope("a").and(claim("department", "x")),
        scope("a").unless(tenant_matches("id")),
    ] {
        check_parameter("/notes/{id}", requires(rule), &[]);
    }
    let read = || requires(scope("a"));
    check_parameter("/notes/{id}", read().demand(permit().in_mode(Mode::Shadow)), &[]);
    check_parameter("/notes/{id}", read().asks(ask(Nobody).id_from_path("id")), &[]);
    check_parameter("/notes/{id}", RoutePolicy::public("x"), &[]);
    for path in ["/notes", "/files/{*path}", "/{{literal}}"] {
        check_parameter(path, read(), &[]);
    }
}

#[test]
fn a_guard_that_was_declared_is_the_one_that_tells_its_mode() {
    let told = |policy: RoutePolicy| policy.demands().iter().map(ToString::to_string).collect::<Vec<_>>();
    let policy = || RoutePolicy::requires(scope("a"));
    let shadow = || permit().in_mode(Mode::Shadow);
    assert_eq!(
        told(policy().demand(permit()).demand("scopes(b)").demand(shadow())),
        ["permit(Read Document) [shadow]", "scopes(b)"]
    );
    assert_eq!(told(policy().demand(shadow()).demand(permit())), ["permit(Read Document) [shadow]"]);
    assert_eq!(told(policy().demand(permit()).demand(permit())), ["permit(Read Document)"]);
    // Two kinds of one name.
    let both = policy().demand(permit()).demand(shadow()).demand(permit().in_mode(Mode::Percent(1)));
    assert_eq!(told(both), ["permit(Read Document) [shadow]", "permit(Read Document) [1 %]"]);
}

#[test]
fn a_password_without_a_limit_on_attempts_is_worth_a_look() {
    let attempts = || per(attempted_user()).requests(5).every(MINUTE);
    let login = || RoutePolicy::requires(authenticated()).via(["password"]);
    let post = || Some(Method::POST);
    check(builder(), post(), login(), &["P277"]);
    check(builder(), post(), login().limit(per(client_ip()).requests(5).every(MINUTE)), &["P277"]);
    check(builder(), post(), login().limit(attempts()), &[]);
    check(builder().limit(attempts()), post(), login(), &[]);
}

/// Nothing but a scheme that reads a user's name asks a limit per attempted user.
#[test]
fn a_limit_per_attempted_user_that_no_scheme_asks_is_an_error() {
    let attempts = || per(attempted_user()).requests(5).every(MINUTE);
    let security = builder().build().unwrap();
    let login = || RoutePolicy::requires(authenticated()).limit(attempts());
    check_gate(&security, "/login", &login(), &["P303"]);
    check_gate(&security, "/login", &login().via(["key"]), &["P303"]);
    check_gate(&security, "/login", &login().via(["password"]), &[]);
    check_gate(&security, "/login", &login().via(["key", "password"]), &[]);

    let keys = || ApiKeys::header(KEY).keys(ApiKeySet::new([]).unwrap());
    let alone = Security::builder().scheme("key", keys()).audit(MemorySink::keeping(1)).limit(attempts());
    assert_eq!(alone.build().unwrap_err().codes().collect::<Vec<_>>(), ["P303"]);
    assert!(builder().limit(attempts()).build().is_ok());
}

#[test]
fn a_scheme_that_no_route_takes_is_worth_a_look() {
    let mut table = RouteTable::of(&builder().build().unwrap());
    table.add(Some(Method::GET), "/a", RoutePolicy::public("x"), "handler");
    let told = |table: &RouteTable| table.advice().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told(&table), ["P278: no route takes scheme `key`", "P278: no route takes scheme `password`"]);
    table.add(Some(Method::GET), "/b", RoutePolicy::requires(authenticated()), "handler");
    assert_eq!(told(&table), ["P278: no route takes scheme `password`"]);
}
