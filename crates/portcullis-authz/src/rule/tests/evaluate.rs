use portcullis_core::Reason;
use serde_json::json;

use super::super::*;
use crate::test_support::{Who, known, naughty_strings, request, with_claim};

#[track_caller]
fn check(rule: &Rule, who: &Who, expected: Reason) {
    let request = request(who);
    assert_eq!(rule.evaluate(&RequestView::of(&request).unwrap()).reason(), expected, "{rule}");
}

#[test]
fn each_word_names_what_is_missing() {
    use Reason::{ClaimMismatch, ExplicitlyDenied, InsufficientRole, InsufficientScope, RuleSatisfied};

    let alice = known("a b", &["editor"]);
    for (rule, expected) in [
        (scope("a"), RuleSatisfied),
        (scope("c"), InsufficientScope),
        (any_scope(["c", "b"]), RuleSatisfied),
        (any_scope(["c", "d"]), InsufficientScope),
        (all_scopes(["b", "a"]), RuleSatisfied),
        (all_scopes(["a", "c"]), InsufficientScope),
        (role("editor"), RuleSatisfied),
        (role("Editor"), InsufficientRole),
        (claim("department", "sales"), RuleSatisfied),
        (claim("department", "legal"), ClaimMismatch),
        (claim("absent", "sales"), ClaimMismatch),
        (authenticated(), RuleSatisfied),
        (anonymous(), Reason::PolicyDenied),
        (!role("editor"), ExplicitlyDenied),
        (!role("admin"), RuleSatisfied),
    ] {
        check(&rule, &alice, expected);
    }
}

#[test]
fn any_scope_searches_from_the_shorter_list_either_way() {
    let many: Vec<String> = (0..100).map(|number| format!("s{number}")).collect();
    check(&any_scope(&many), &known("x s99", &[]), Reason::RuleSatisfied);
    check(&any_scope(&many), &known("x y", &[]), Reason::InsufficientScope);
    check(&any_scope(["x", "s99"]), &known(&many.join(" "), &[]), Reason::RuleSatisfied);
    check(&all_scopes(&many), &known(&many.join(" "), &[]), Reason::RuleSatisfied);
    check(&all_scopes(&many), &known("s1", &[]), Reason::InsufficientScope);
}

#[test]
fn a_claim_equals_or_lists_the_value_and_types_differ() {
    for (held, wanted, holds) in [
        (json!("a"), json!("a"), true),
        (json!(["b", "a"]), json!("a"), true),
        (json!(["b"]), json!("a"), false),
        (json!("a b"), json!("a"), false),
        (json!(1), json!(1), true),
        (json!("1"), json!(1), false),
        (json!(true), json!("true"), false),
        (json!([["a"]]), json!("a"), false),
        (json!(["a", "b"]), json!(["a", "b"]), true),
        (json!(null), json!(null), true),
        (json!({"a": 1}), json!("a"), false),
    ] {
        let expected = if holds { Reason::RuleSatisfied } else { Reason::ClaimMismatch };
        check(&claim("n", wanted), &with_claim("", &[], "n", held), expected);
    }
}

#[test]
fn of_all_conditions_the_hardest_obstacle_is_named_and_of_alternatives_the_easiest() {
    let alice = known("a", &["suspended"]);
    check(&scope("x").and(role("y")), &alice, Reason::InsufficientRole);
    check(&role("y").and(scope("x")), &alice, Reason::InsufficientRole);
    check(&scope("x").and(!role("suspended")), &alice, Reason::ExplicitlyDenied);
    check(&scope("x").or(role("y")), &alice, Reason::InsufficientScope);
    check(&(!role("suspended")).or(role("y")), &alice, Reason::InsufficientRole);
    check(&scope("a").and(scope("x")), &alice, Reason::InsufficientScope);
}

#[test]
fn refuses_requests_without_a_caller_also_under_a_negation() {
    for rule in [scope("a"), role("r"), claim("n", 1), authenticated(), any_scope(["a"])] {
        for rule in [rule.clone(), !rule.clone(), rule.clone().and(!role("x")), rule.or(!role("x"))] {
            check(&rule, &Who::Anonymous, Reason::MissingCredentials);
            check(&rule, &Who::NotAsked, Reason::Misconfigured);
        }
    }
}

#[test]
fn lets_nobody_in_without_a_caller_unless_the_rule_says_anonymous() {
    let open = rule_fn("open", |_| Decision::allow(Reason::PolicyAllowed));
    check(&open, &Who::Anonymous, Reason::MissingCredentials);
    check(&open, &known("", &[]), Reason::RuleSatisfied);
    check(&anonymous().and(open.clone()), &Who::Anonymous, Reason::RuleSatisfied);
    check(&anonymous().and(!open), &Who::Anonymous, Reason::ExplicitlyDenied);
    check(&anonymous().or(scope("a")), &Who::Anonymous, Reason::RuleSatisfied);
    check(&anonymous().or(scope("a")), &known("b", &[]), Reason::InsufficientScope);
    check(&anonymous().or(authenticated()), &known("", &[]), Reason::RuleSatisfied);
    check(&anonymous(), &Who::NotAsked, Reason::Misconfigured);
    check(&!anonymous(), &Who::Anonymous, Reason::MissingCredentials);
    check(&!anonymous(), &known("", &[]), Reason::RuleSatisfied);
}

#[test]
fn tells_which_rules_need_a_caller() {
    let open = || rule_fn("open", |_| Decision::allow(Reason::PolicyAllowed));
    for rule in
        [scope("a"), !scope("a"), open(), !anonymous(), anonymous().and(role("r")), !(anonymous().or(open()))]
    {
        assert!(rule.needs_principal(), "{rule}");
    }
    for rule in [
        anonymous(),
        anonymous().or(role("r")),
        anonymous().and(open()),
        (!(role("r").and(anonymous()))).or(anonymous()),
    ] {
        assert!(!rule.needs_principal(), "{rule}");
    }
}

/// Invariant 4: a failure is neither a denial nor a pass.
#[test]
fn a_failed_predicate_never_becomes_a_pass_and_is_answered_as_a_failure() {
    let failed = || rule_fn("broken", |_| Decision::deny(Reason::StoreUnavailable));
    let alice = known("a", &[]);
    check(&failed(), &alice, Reason::StoreUnavailable);
    check(&!failed(), &alice, Reason::StoreUnavailable);
    check(&scope("a").and(failed()), &alice, Reason::StoreUnavailable);
    check(&role("r").or(failed()), &alice, Reason::StoreUnavailable);
    // What is decided without the predicate stays decided.
    check(&scope("a").or(failed()), &alice, Reason::RuleSatisfied);
    check(&role("r").and(failed()), &alice, Reason::InsufficientRole);
}

#[test]
fn a_predicate_that_refuses_with_a_reason_to_allow_is_a_failure() {
    let confused = || rule_fn("confused", |_| Decision::deny(Reason::RuleSatisfied));
    check(&confused(), &known("", &[]), Reason::InternalError);
    check(&!confused(), &known("", &[]), Reason::InternalError);
}

#[test]
fn a_word_that_means_nothing_refuses_with_500_also_under_a_negation() {
    for broken in [
        any_scope([""; 0]),
        all_scopes([""; 0]),
        scope("two words"),
        any_scope(["a", "é"]),
        role(""),
        claim("", 1),
        acr("two words"),
        any_acr([""; 0]),
        amr(""),
        max_age(std::time::Duration::ZERO),
    ] {
        check(&broken, &known("a", &[]), Reason::Misconfigured);
        check(&!broken, &known("a", &[]), Reason::Misconfigured);
    }
}

#[test]
fn naughty_text_is_compared_octet_by_octet() {
    for text in naughty_strings().iter().filter(|text| !text.is_empty()) {
        let alice = with_claim("", &[text.as_str()], text, json!(text));
        check(&role(text).and(claim(text, text.as_str())), &alice, Reason::RuleSatisfied);
        check(&role(format!("{text}x")), &alice, Reason::InsufficientRole);
        check(&claim(text, format!("{text}x")), &alice, Reason::ClaimMismatch);
        let printed = role(text).and(claim(text, text.as_str())).to_string();
        assert!(!printed.contains(portcullis_core::escape::is_unprintable), "{printed:?}");
    }
}

#[test]
fn rules_are_equal_if_they_ask_the_same() {
    let custom = rule_fn("x", |_| Decision::allow(Reason::PolicyAllowed));
    assert_eq!(scope("a").and(custom.clone()), scope("a").and(custom.clone()));
    assert_ne!(custom, rule_fn("x", |_| Decision::allow(Reason::PolicyAllowed)));
    assert_ne!(scope("a"), role("a"));
    assert_ne!(any_scope(["a"]), all_scopes(["a"]));
    assert_eq!(!!scope("a"), scope("a"));
}
