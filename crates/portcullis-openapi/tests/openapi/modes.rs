//! What is not enforced for every request, and is told as such.

use portcullis_authz::engine::{DecisionPoint, Question, ask};
use portcullis_authz::{Demand, Rule, authenticated, claim, role, scope};
use portcullis_core::{Decision, Mode, Reason, Step};
use portcullis_stack::RoutePolicy;
use serde_json::{Value, json};

use crate::support::{Stub, build, of_route, operation, security};

struct Opa;

impl DecisionPoint for Opa {
    fn name(&self) -> &str {
        "opa"
    }

    fn decide(&self, _: &Question<'_>) -> Step<Decision> {
        Step::Done(Decision::deny(Reason::PolicyDenied))
    }
}

fn requires(rule: Rule) -> RoutePolicy {
    RoutePolicy::requires(rule).via(["token"])
}

/// The scopes of the only alternative, what stands in the extension, and whether 403 is among the responses.
#[track_caller]
fn check(policy: RoutePolicy, scopes: &[&str], demand: &Value, forbids: bool) {
    let text = policy.to_string();
    let document = of_route(&security(), policy);
    let operation = operation(&document);
    assert_eq!(operation["security"], json!([{ "token": scopes }]), "{text}");
    assert_eq!(&operation["x-portcullis"]["demands"][0], demand, "{text}");
    assert_eq!(operation["responses"].get("403").is_some(), forbids, "{text}");
}

#[test]
fn a_decision_point_stands_there_with_its_mode() {
    for (mode, told, forbids) in [
        (Mode::Enforce, "ask(opa)", true),
        (Mode::Percent(100), "ask(opa)", true),
        (Mode::Percent(25), "ask(opa) [25 %]", true),
        (Mode::Shadow, "ask(opa) [shadow]", false),
    ] {
        let policy = requires(authenticated()).asks(ask(Opa).in_mode(mode));
        check(policy, &[], &json!({ "conditions": [told] }), forbids);
    }
}

#[test]
fn a_part_of_a_rule_that_is_only_watched_is_told_and_demands_nothing() {
    for (part, told) in [
        (role("editor"), "role(editor) [shadow]"),
        (scope("a"), "scope(a) [shadow]"),
        (claim("department", "secret"), "claim(department) [shadow]"),
    ] {
        let rule = authenticated().and(part.shadowed());
        check(requires(rule), &[], &json!({ "conditions": [told] }), false);
    }
}

/// The requirements have no words for it.
#[test]
fn a_part_of_a_rule_for_a_share_of_requests_has_its_share() {
    let some = |part: Rule| requires(scope("s").and(part.in_mode(Mode::Percent(10))));
    check(some(role("editor")), &["s"], &json!({ "scopes": ["s"], "roles": ["editor [10 %]"] }), true);
    let claimed = json!({ "scopes": ["s"], "conditions": ["claim(department) [10 %]"] });
    check(some(claim("department", "secret")), &["s"], &claimed, true);
    let scoped = json!({ "scopes": ["s", "a"], "conditions": ["scope(a) [10 %]"] });
    check(some(scope("a")), &["s", "a"], &scoped, true);
    let whole = requires(role("editor").in_mode(Mode::Percent(10)));
    check(whole, &[], &json!({ "roles": ["editor [10 %]"] }), true);
}

#[test]
fn what_is_asked_beside_each_other_has_each_its_own_mark() {
    let permit = Demand::new("permit(Read Document)").in_mode(Mode::Shadow);
    let policy = requires(scope("s").and(role("editor").in_mode(Mode::Percent(10))))
        .asks(ask(Opa).in_mode(Mode::Percent(25)))
        .demand(permit);
    let told = json!({
        "scopes": ["s"],
        "roles": ["editor [10 %]"],
        "conditions": ["ask(opa) [25 %]", "permit(Read Document) [shadow]"],
    });
    check(policy, &["s"], &told, true);
}

#[test]
fn what_is_forbidden_has_its_share() {
    let security = build(|security| {
        let security = security.scheme("token", Stub::tokens(&[]));
        security.forbid(role("suspended").in_mode(Mode::Percent(10))).forbid(role("new").shadowed())
    });
    let document = of_route(&security, requires(scope("a").unless(role("guest"))));
    let operation = operation(&document);
    assert_eq!(operation["x-portcullis-forbid"], json!(["role(guest)", "role(suspended) [10 %]"]));
    let told = json!(["not role(guest)", "not role(suspended) [10 %]", "not role(new) [shadow]"]);
    assert_eq!(operation["x-portcullis"]["demands"][0]["conditions"], told);
}
