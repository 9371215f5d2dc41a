use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_core::{Effect, Mode, Reason, Room};
use serde_json::json;

use super::super::*;
use crate::test_support::{Who, challenges, known, noted, request, response, with_claim};

#[track_caller]
fn check(rule: &Rule, who: &Who, status: u16, expected: &[&str]) {
    let request = request(who);
    let denial = rule.decide(&RequestView::of(&request).unwrap()).unwrap_err();
    assert_eq!((denial.status().as_u16(), challenges(&denial).as_slice()), (status, expected), "{rule}");
    let noted = noted(&request, Room::Rule);
    assert!(
        matches!(noted.as_slice(), [(Effect::Deny, reason, true, _)] if *reason == denial.reason()),
        "{noted:?}"
    );
}

const UNANSWERED: [&str; 2] = [r#"Basic realm="app", charset="UTF-8""#, r#"Bearer realm="app""#];

fn insufficient(scope: &str) -> String {
    format!(r#"Bearer realm="app", error="insufficient_scope", scope="{scope}""#)
}

/// A1.7, A1.8: every challenge of the route, and no error.
#[test]
fn answers_a_request_without_credentials_with_401_and_the_challenges_of_the_route() {
    check(&scope("a"), &Who::Anonymous, 401, &UNANSWERED);
    check(&!role("a"), &Who::Anonymous, 401, &UNANSWERED);
    check(&authenticated(), &Who::Anonymous, 401, &UNANSWERED);
}

/// Invariant 5.
#[test]
fn answers_500_where_no_authentication_ran() {
    for rule in [scope("a"), authenticated(), anonymous(), !role("a"), anonymous().or(scope("a"))] {
        check(&rule, &Who::NotAsked, 500, &[]);
    }
}

/// A1.10, RFC 6750 §3.1.
#[test]
fn answers_a_missing_scope_with_403_and_the_scopes_that_would_do() {
    let alice = known("a b", &["editor"]);
    check(&scope("c"), &alice, 403, &[&insufficient("c")]);
    check(&scope("a").and(scope("c")), &alice, 403, &[&insufficient("a c")]);
    check(&all_scopes(["d", "c", "a"]), &alice, 403, &[&insufficient("a c d")]);
    check(&any_scope(["d", "c"]), &alice, 403, &[&insufficient("d")]);
    check(&any_scope(["x", "b"]).and(scope("c")), &alice, 403, &[&insufficient("b c")]);
    // Of alternatives the one that lacks the fewest.
    check(&all_scopes(["x", "y"]).or(all_scopes(["a", "z"])), &alice, 403, &[&insufficient("a z")]);
    check(&role("admin").or(scope("c")), &alice, 403, &[&insufficient("c")]);
    check(
        &role("admin").and(scope("x")).or(role("editor").and(scope("c"))),
        &alice,
        403,
        &[&insufficient("c")],
    );
}

/// A1.7, RFC 6750 §3: more scopes would not help, so none is named.
#[test]
fn answers_a_missing_role_or_claim_with_403_and_a_challenge_that_names_no_scope() {
    let alice = known("a", &[]);
    for rule in [role("admin"), claim("department", "legal"), scope("x").and(role("admin"))] {
        check(&rule, &alice, 403, &[r#"Bearer realm="app", error="insufficient_scope""#]);
    }
}

/// No other token of this caller would do.
#[test]
fn answers_what_no_token_can_mend_with_403_and_no_challenge() {
    let alice = known("a", &["suspended"]);
    let never = rule_fn("never", |_| Decision::deny(Reason::PolicyDenied));
    for rule in [scope("x").and(!role("suspended")), never] {
        check(&rule, &alice, 403, &[]);
    }
}

#[test]
fn answers_what_a_predicate_says() {
    let alice = known("a", &[]);
    let says = |reason| rule_fn("x", move |_| Decision::deny(reason).because("because"));
    check(&says(Reason::StoreUnavailable), &alice, 503, &[]);
    check(&says(Reason::ResourceHidden), &alice, 404, &[]);
    check(&says(Reason::MissingCredentials), &alice, 401, &UNANSWERED);
    check(&says(Reason::Authenticated), &alice, 500, &[]);
    check(
        &says(Reason::InsufficientScope),
        &alice,
        403,
        &[r#"Bearer realm="app", error="insufficient_scope""#],
    );
}

#[test]
fn notes_what_was_asked_but_never_the_value_of_a_claim() {
    let rule = claim("department", "WANTED").and(!rule_fn("x", |_| Decision::deny(Reason::PolicyDenied)));
    let request = request(&with_claim("", &[], "department", json!("HELD")));
    let denial = rule.decide(&RequestView::of(&request).unwrap()).unwrap_err();
    let expected = "needs claim(department)".to_owned();
    assert_eq!(denial.explanation(), Some(expected.as_str()));
    assert_eq!(noted(&request, Room::Rule), [(Effect::Deny, Reason::ClaimMismatch, true, expected)]);

    let not = !claim("department", "HELD").and(authenticated());
    let noted = not.decide(&RequestView::of(&request).unwrap()).unwrap_err();
    assert_eq!(noted.explanation(), Some("needs not (claim(department) and authenticated)"));
    assert!(!String::from_utf8_lossy(response(noted).body()).contains("department"));
}

#[test]
fn notes_the_decision_to_allow() {
    let request = request(&known("a", &[]));
    scope("a").decide(&RequestView::of(&request).unwrap()).unwrap();
    assert_eq!(noted(&request, Room::Rule), [(Effect::Allow, Reason::RuleSatisfied, true, String::new())]);
}

#[test]
fn a_shadow_is_noted_and_changes_nothing_whatever_the_answer() {
    let failed = rule_fn("broken", |_| Decision::deny(Reason::StoreUnavailable));
    for (rule, who, reason) in [
        (scope("x"), known("a", &[]), Reason::InsufficientScope),
        (scope("a"), known("a", &[]), Reason::RuleSatisfied),
        (failed, known("a", &[]), Reason::StoreUnavailable),
        (scope("x"), Who::Anonymous, Reason::MissingCredentials),
        (scope("x"), Who::NotAsked, Reason::Misconfigured),
    ] {
        let request = request(&who);
        rule.decide_as(&RequestView::of(&request).unwrap(), Mode::Shadow).unwrap();
        let noted = noted(&request, Room::Rule);
        assert!(matches!(noted.as_slice(), [(_, found, false, _)] if *found == reason), "{rule}: {noted:?}");
    }
}

#[test]
fn a_share_of_the_requests_is_enforced_and_the_rest_is_a_shadow() {
    let refused = |share| {
        let tries = (0..400).map(|_| request(&known("a", &[])));
        tries
            .filter(|request| {
                let view = RequestView::of(request).unwrap();
                let refused = scope("x").decide_as(&view, Mode::Percent(share)).is_err();
                assert_eq!(noted(request, Room::Rule)[0].2, refused);
                refused
            })
            .count()
    };
    assert_eq!((refused(0), refused(100)), (0, 400));
    assert!((100..300).contains(&refused(50)));
}

#[test]
fn a_predicate_is_not_asked_for_a_request_without_a_caller() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let rule = rule_fn("counted", |_| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        Decision::allow(Reason::PolicyAllowed)
    });
    for (who, expected) in [(Who::Anonymous, 0), (Who::NotAsked, 0), (known("", &[]), 1)] {
        let request = request(&who);
        let _ = rule.decide(&RequestView::of(&request).unwrap());
        assert_eq!(ASKED.load(Ordering::Relaxed), expected);
    }
}

#[test]
fn names_the_scopes_for_metadata_without_those_that_are_forbidden() {
    let rule = scope("a").and(any_scope(["c", "b"])).and(!scope("d")).or(role("r"));
    assert_eq!(rule.required_scopes().to_string(), "a c");
    assert_eq!(rule.named_scopes().to_string(), "a b c");
    assert!(role("r").required_scopes().is_empty());
    assert_eq!(role("r").or(scope("a")).required_scopes().to_string(), "a");
}
