use super::*;
use crate::{acr, all_scopes, anonymous, any_scope, authenticated, claim, role, rule_fn, scope};

/// Each way as text: scopes, roles, conditions, and `anonymous`.
#[track_caller]
fn check(rule: &Rule, expected: &[&str]) {
    let told: Vec<String> = rule.alternatives().unwrap().iter().map(text).collect();
    assert_eq!(told, expected, "{rule}");
}

fn text(way: &Alternative) -> String {
    let scopes = way.scopes.iter().map(ToString::to_string);
    let roles = way.roles.iter().map(|role| format!("@{role}"));
    let anonymous = way.anonymous.then(|| "anonymous".to_owned());
    scopes.chain(roles).chain(way.conditions.iter().cloned()).chain(anonymous).collect::<Vec<_>>().join(" + ")
}

#[test]
fn every_way_is_told_with_all_that_it_needs() {
    check(&scope("a"), &["a"]);
    check(&all_scopes(["b", "a", "b"]), &["b + a"]);
    check(&any_scope(["b", "a"]), &["b", "a"]);
    check(&authenticated(), &[""]);
    check(&scope("a").and(role("r")).and(scope("a")), &["a + @r"]);
    check(&scope("a").or(role("r")), &["a", "@r"]);
    check(&any_scope(["a", "b"]).and(scope("c").or(role("r"))), &["a + c", "a + @r", "b + c", "b + @r"]);
    check(&anonymous().or(authenticated()), &["anonymous", ""]);
    check(&scope("a").or(scope("a")), &["a"]);
}

#[test]
fn what_is_neither_scope_nor_role_is_told_in_words_and_without_values() {
    check(&claim("department", "secret"), &["claim(department)"]);
    check(&(!claim("department", "secret")).and(scope("a")), &["a + not claim(department)"]);
    check(&acr("phr").and(!role("guest")), &["acr(phr) + not role(guest)"]);
    let own = rule_fn("office", |_| portcullis_core::Decision::deny(portcullis_core::Reason::PolicyDenied));
    check(&own, &["rule(office)"]);
}

#[test]
fn what_is_forbidden_stands_in_every_way_and_what_is_watched_in_none() {
    let rule =
        any_scope(["a", "b"]).and(role("r").shadowed()).unless(role("leaver").or(role("s").shadowed()));
    check(&rule, &["a + not role(leaver)", "b + not role(leaver)"]);
    check(&scope("a").and(role("r").in_mode(Mode::Percent(10))), &["a + @r"]);
}

#[test]
fn what_is_forbidden_is_told_wherever_a_mode_keeps_it() {
    let rule = || scope("a").unless(role("leaver"));
    let share = Mode::Percent(10);
    for (rule, expected) in [
        (rule(), &["role(leaver)"][..]),
        (rule().in_mode(share), &["role(leaver) [10 %]"]),
        (rule().shadowed(), &[]),
        (rule().in_mode(share).unless(role("s")), &["role(leaver) [10 %]", "role(s)"]),
        (rule().shadowed().unless(role("s")), &["role(s)"]),
        (scope("b").and(rule().in_mode(share)), &["role(leaver) [10 %]"]),
        (scope("b").and(rule().shadowed()), &[]),
        (scope("b").unless(role("s").in_mode(share)), &["role(s) [10 %]"]),
        (scope("b").unless(role("s").shadowed()), &[]),
    ] {
        assert_eq!(rule.forbidden(), expected, "{rule}");
    }
}

/// With what is not enforced for every request.
#[track_caller]
fn marked(rule: &Rule, expected: &[&str]) {
    let told: Vec<String> = rule.marked_alternatives().unwrap().iter().map(text).collect();
    assert_eq!(told, expected, "{rule}");
}

#[test]
fn what_is_enforced_for_every_request_has_no_mark() {
    let rule = any_scope(["a", "b"]).and(role("r")).and(acr("phr")).unless(role("leaver"));
    marked(&rule, &["a + @r + acr(phr) + not role(leaver)", "b + @r + acr(phr) + not role(leaver)"]);
    let whole = || scope("a").and(role("r"));
    for mode in [Mode::Percent(100), Mode::Percent(255), Mode::Enforce] {
        marked(&whole().in_mode(mode), &["a + @r"]);
    }
}

#[test]
fn what_is_watched_is_a_condition_with_its_mark() {
    let watched = |rule: Rule| scope("s").and(rule.shadowed());
    marked(&watched(role("r")), &["s + role(r) [shadow]"]);
    marked(&watched(scope("a")), &["s + scope(a) [shadow]"]);
    marked(&watched(claim("department", "secret")), &["s + claim(department) [shadow]"]);
    marked(&watched(scope("a").or(role("r"))), &["s + (scope(a) or role(r)) [shadow]"]);
    marked(&scope("s").unless(role("leaver").shadowed()), &["s + not role(leaver) [shadow]"]);
    marked(&scope("s").shadowed(), &["scope(s) [shadow]"]);
    check(&scope("s").shadowed(), &[""]);
}

#[test]
fn what_is_enforced_for_a_share_has_it_as_its_mark() {
    let share = Mode::Percent(10);
    let some = |rule: Rule| scope("s").and(rule.in_mode(share));
    marked(&some(role("r")), &["s + @r [10 %]"]);
    marked(&some(claim("department", "secret")), &["s + claim(department) [10 %]"]);
    marked(&some(scope("a")), &["s + a + scope(a) [10 %]"]);
    marked(&some(all_scopes(["a", "b"])), &["s + a + b + all_scopes(a, b) [10 %]"]);
    marked(&some(any_scope(["a", "b"])), &["s + a + scope(a) [10 %]", "s + b + scope(b) [10 %]"]);
    marked(&some(scope("a").or(role("r"))), &["s + a + scope(a) [10 %]", "s + @r [10 %]"]);
    marked(&scope("s").unless(role("leaver").in_mode(share)), &["s + not role(leaver) [10 %]"]);
}

#[test]
fn of_a_mode_within_another_the_weaker_one_is_told() {
    let inner = |mode| role("r").and(acr("phr").in_mode(mode));
    for (outer, mode, expected) in [
        (Mode::Percent(10), Mode::Percent(50), "@r [10 %] + acr(phr) [10 %]"),
        (Mode::Percent(50), Mode::Percent(10), "@r [50 %] + acr(phr) [10 %]"),
        (Mode::Percent(50), Mode::Shadow, "@r [50 %] + acr(phr) [shadow]"),
        (Mode::Percent(50), Mode::Enforce, "@r [50 %] + acr(phr) [50 %]"),
        (Mode::Enforce, Mode::Percent(0), "@r + acr(phr) [0 %]"),
    ] {
        marked(&inner(mode).in_mode(outer), &[expected]);
    }
    let denied = |mode| scope("a").unless(role("s").in_mode(mode)).in_mode(Mode::Percent(50));
    assert_eq!(denied(Mode::Percent(10)).forbidden(), ["role(s) [10 %]"]);
    assert_eq!(denied(Mode::Enforce).forbidden(), ["role(s) [50 %]"]);
    assert!(denied(Mode::Shadow).forbidden().is_empty());
}

#[test]
fn a_broken_list_of_scopes_is_no_way_in() {
    check(&any_scope([""; 0]), &["any_scope()"]);
    check(&scope("two words"), &["scope(two words)"]);
}

#[test]
fn as_many_ways_as_may_be_are_told_and_no_more() {
    let names = |count: usize| (0..count).map(|number| format!("s{number}")).collect::<Vec<_>>();
    assert_eq!(any_scope(names(MAX_ALTERNATIVES)).alternatives().unwrap().len(), MAX_ALTERNATIVES);
    assert_eq!(any_scope(names(MAX_ALTERNATIVES + 1)).alternatives(), None);
    // Thirty factors of two would be a thousand million.
    let pair = |number: usize| any_scope([format!("a{number}"), format!("b{number}")]);
    let product = (1..30).map(pair).fold(pair(0), Rule::and);
    assert_eq!(product.alternatives(), None);
}
