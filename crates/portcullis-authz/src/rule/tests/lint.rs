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
    check(scope("a").or(!scope("a")), &[]);
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
    check(acr("a").and(!acr("b")), &[]);
    check(acr("a").and(any_acr(["a", "b"])), &[]);
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
