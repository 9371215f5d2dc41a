use std::time::Duration;

use portcullis_core::{Decision, Reason};

use super::super::*;

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
fn check(rule: Rule, expected: &[&str]) {
    let codes: Vec<_> = rule.lint().iter().map(|error| error.code().code()).collect();
    assert_eq!(codes, expected, "{rule}: {:?}", rule.lint());
}

#[test]
fn finds_rules_that_refuse_every_request() {
    check(scope("a").and(!scope("a")), &["P204"]);
    check(!authenticated(), &["P204"]);
    check(!(role("a").or(!role("a"))), &["P204"]);
    check(anonymous().and(scope("a")), &["P204"]);
    check(anonymous().and(authenticated()), &["P204"]);
    check(all_scopes(["a", "b"]).and(!any_scope(["b", "c"])), &["P204"]);
    check(scope("a").and(!scope("a")).or(role("r").and(!role("r"))), &["P204"]);
}

#[test]
fn finds_words_that_mean_nothing_wherever_they_stand() {
    check(any_scope([""; 0]), &["P204"]);
    check(all_scopes([""; 0]), &["P204"]);
    check(role("r").or(any_scope([""; 0])), &["P204"]);
    check(!all_scopes([""; 0]), &["P204"]);
    check(role(""), &["P204"]);
    check(claim("", 1), &["P204"]);
    check(scope(""), &["P206"]);
    check(scope("two words"), &["P206"]);
    check(any_scope(["ok", "\"", "é"]), &["P206", "P206"]);
    check(scope("two words").and(role("")).and(scope("a")).and(!scope("a")), &["P206", "P204", "P204"]);
}

#[test]
fn finds_nothing_wrong_with_rules_that_somebody_satisfies() {
    let custom = || rule_fn("x", |_| Decision::allow(Reason::PolicyAllowed));
    check(scope("a").and(!scope("b")), &[]);
    check(custom().and(!custom()), &[]);
    check(anonymous(), &[]);
    check(anonymous().or(authenticated()), &[]);
    check(anonymous().and(custom()), &[]);
    check(claim("n", "a").and(claim("n", "b")), &[]);
    check(claim("n", "1").and(!claim("n", 1)), &[]);
}

#[test]
fn one_predicate_cannot_hold_and_not_hold() {
    let custom = rule_fn("x", |_| Decision::allow(Reason::PolicyAllowed));
    check(custom.clone().and(!custom), &["P204"]);
}

/// A10.1: what no challenge could carry, and what no login has.
#[test]
fn finds_logins_that_nobody_can_have() {
    let [minute, hour] = [60, 3600].map(|seconds| max_age(Duration::from_secs(seconds)));
    check(acr("two words"), &["P107"]);
    check(any_acr(["ok", "\"", "é"]), &["P107", "P107"]);
    check(any_acr([""; 0]), &["P204"]);
    check(acr(""), &["P107"]);
    check(amr(""), &["P204"]);
    check(max_age(Duration::from_millis(999)), &["P204"]);
    check(acr("a").and(!acr("a")), &["P204"]);
    // A login is of one class, and a young one is not old.
    check(acr("a").and(acr("b")), &["P204"]);
    check(acr("a").and(any_acr(["b", "c"])), &["P204"]);
    check(minute.clone().and(!hour.clone()), &["P204"]);
    check(user_only().and(!user_only()), &["P204"]);
    check(acr("a").or(acr("b")), &[]);
    check(acr("a").and(!acr("b")), &["P217"]);
    check(acr("a").and(any_acr(["a", "b"])), &["P217"]);
    check(amr("a").and(amr("b")), &[]);
    check(hour.and(!minute), &[]);
    check(user_only().and(acr("a")).and(amr("b")).and(max_age(Duration::from_secs(1))), &[]);
}

#[test]
fn examines_rules_with_more_conditions_than_it_can_combine() {
    let many: Vec<String> = (0..5000).map(|number| format!("s{number}")).collect();
    check(any_scope(&many).and(role("r")), &[]);
    check(scope("a").and(!scope("a")).and(all_scopes(&many)), &["P204"]);
    // Beyond the limit a contradiction may go unnoticed, but nothing is reported that is not there.
    check(all_scopes(&many).and(!scope("s4999")), &[]);
    check(all_scopes(&many[..12]).and(!scope("s11")), &["P204"]);
}

#[test]
fn messages_say_what_was_written_on_one_line() {
    let errors = scope("a\nb").lint();
    let message = errors[0].message();
    assert!(message.contains(r"`a\u{a}b`") && !message.contains('\n'), "{message}");
    assert!(scope("a").checked().is_ok());
    assert_eq!(scope("a b").and(role("")).checked().unwrap_err().iter().count(), 2);
}

#[test]
fn finds_alternatives_that_never_matter() {
    let custom = rule_fn("x", |_| Decision::allow(Reason::PolicyAllowed));
    check(scope("a").or(scope("a").and(role("b"))), &["P214"]);
    check(scope("a").and(role("b")).or(scope("a")), &["P214"]);
    check(authenticated().or(scope("a")), &["P214"]);
    check(scope("a").or(role("r").and(!role("r"))), &["P214"]);
    check(any_scope(["a", "b"]).or(scope("b")), &["P214"]);
    check(custom.clone().or(custom.and(role("r"))), &["P214"]);
    check(role("x").and(scope("a").or(scope("a").and(role("b")))), &["P214"]);
    check(!(scope("a").or(scope("a").and(role("b")))), &["P214"]);
}

#[test]
fn finds_conditions_without_effect() {
    check(scope("a").and(scope("a").or(role("b"))), &["P217"]);
    check(role("r").and(scope("a").or(!scope("a"))), &["P217"]);
    check(all_scopes(["a", "b"]).and(scope("b")), &["P217"]);
    let [minute, hour] = [60, 3600].map(|seconds| max_age(Duration::from_secs(seconds)));
    check(minute.and(hour), &["P217"]);
    check(scope("a").unless(!scope("a")), &["P217"]);
    // That the caller is known may be said for its own sake.
    check(authenticated().and(scope("a")), &[]);
}

#[test]
fn finds_what_stands_twice() {
    check(scope("a").and(scope("a")), &["P215"]);
    check(role("r").or(scope("a")).or(role("r")), &["P215"]);
    check(any_scope(["a", "b", "a"]), &["P215"]);
    check(scope("a").unless(role("r")).unless(role("r")), &["P215"]);
    let [one, other] = [(), ()].map(|()| when("x", |_| true));
    check(one.and(other), &[]);
}

#[test]
fn finds_rules_that_admit_everybody_without_saying_so() {
    check(scope("a").or(!scope("a")), &["P216"]);
    check(!(role("r").and(!role("r"))), &["P216"]);
    check(scope("a").or(!scope("a")).and(authenticated()), &["P217"]);
    check(authenticated(), &[]);
    check(anonymous().or(authenticated()), &[]);
    // One that may fail does not let everybody in.
    let custom = when("x", |_| true);
    check(custom.clone().or(!custom), &[]);
}

/// `(a and x) or (a and not x)` is `a` but where `x` fails.
#[test]
fn what_may_fail_is_not_taken_for_one_of_two_answers() {
    let custom = when("x", |_| true);
    check(role("a").and(custom.clone()).or(role("a").and(!custom)).or(role("a")), &["P214", "P214"]);
    let tenant = tenant_matches("t");
    let both = scope("a").and(tenant.clone()).or(scope("a").and(!tenant.clone()));
    check(both, &[]);
    let scopes = scope("a").and(role("t")).or(scope("a").and(!role("t")));
    check(scopes.and(tenant), &[]);
}

#[test]
fn knows_what_the_scopes_of_the_application_imply() {
    let catalog = crate::ScopeCatalog::new(["read", "write", "own"]).implies("write", ["read"]);
    let words = crate::Vocabulary::new().with_scopes(catalog).unwrap();
    let codes = |rule: &Rule| rule.within(&words).err().map(|errors| errors.codes().collect::<Vec<_>>());
    assert_eq!(codes(&scope("write").and(!scope("read"))), Some(vec!["P204"]));
    assert_eq!(codes(&scope("read").or(scope("write"))), Some(vec!["P214"]));
    assert_eq!(codes(&scope("read").and(scope("write"))), Some(vec!["P217"]));
    assert_eq!(codes(&scope("read").and(!scope("write"))), None);
    assert_eq!(codes(&scope("own").or(scope("write"))), None);
}

#[test]
fn finds_rules_that_only_forbid_and_modes_that_would_let_others_in() {
    check(forbid(role("r")), &["P204"]);
    check(scope("a").unless(scope("a")), &["P204"]);
    check(scope("a").unless(authenticated()), &["P204"]);
    check(scope("a").or(role("r").shadowed()), &["P219"]);
    check(!role("r").shadowed(), &["P219"]);
    check(scope("a").unless(role("r").and(scope("b").shadowed())), &["P219"]);
    check(scope("a").or(role("r").and(role("s").shadowed())), &[]);
    check(scope("a").shadowed(), &[]);
    check(scope("a").and(role("r").shadowed()).unless(role("s").shadowed()), &[]);
    // What would be wrong once it is enforced.
    check(scope("a").and(role("r").and(!role("r")).shadowed()), &["P204"]);
}
