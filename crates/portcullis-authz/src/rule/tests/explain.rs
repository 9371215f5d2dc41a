use portcullis_core::{Explanation, Finding, Principal};

use super::super::*;
use crate::test_support::{Who, known, request, with_claim};

fn explained(rule: &Rule, who: &Who) -> Explanation {
    let request = request(who);
    let view = RequestView::of(&request).unwrap();
    let decision = rule.evaluate(&view);
    let caller: Option<&Principal> = view.principal();
    Explanation::clone(&decision.explanation().unwrap().tree(caller))
}

#[track_caller]
fn check(rule: &Rule, who: &Who, expected: &str) {
    assert_eq!(explained(rule, who).to_string(), expected, "{rule}");
}

#[test]
fn a_refusal_tells_what_was_asked_what_was_held_and_what_decided() {
    let rule = scope("write").and(role("editor").or(role("admin"))).unless(role("suspended"));
    check(
        &rule,
        &known("read write", &["viewer"]),
        "all of: fails
  forbidden: fails
    role(suspended): fails, held roles: viewer
  all of: fails
    scope(write): holds
    any of: fails
    * role(editor): fails, held roles: viewer
      role(admin): fails, held roles: viewer
",
    );
    check(
        &rule,
        &known("read", &["editor", "suspended"]),
        "all of: fails
  forbidden: holds
  * role(suspended): holds
  all of: not_asked
    scope(write): not_asked
    any of: not_asked
      role(editor): not_asked
      role(admin): not_asked
",
    );
    check(&scope("write"), &known("", &[]), "* scope(write): fails, held scopes: none\n");
}

#[test]
fn what_is_allowed_tells_the_alternative_that_held_and_what_was_passed_over() {
    let rule = scope("a").or(role("r")).or(role("s")).and(!role("x"));
    check(
        &rule,
        &known("b", &["r"]),
        "all of: holds
  any of: holds
    scope(a): fails, held scopes: b
  * role(r): holds
    role(s): not_asked
  not: holds
    role(x): fails, held roles: r
",
    );
}

#[test]
fn what_is_watched_does_not_fail_the_whole() {
    let rule = scope("a").and(role("r").shadowed()).unless(role("s").shadowed());
    check(
        &rule,
        &known("a", &["s"]),
        "all of: holds
  forbidden in shadow: holds
    role(s): holds
  all of: holds
    scope(a): holds
    shadow: fails
      role(r): fails, held roles: s
",
    );
}

#[test]
fn without_a_caller_nothing_is_known() {
    check(&scope("a"), &Who::Anonymous, "* scope(a): unknown\n");
    let both = explained(&scope("a").and(role("r")), &Who::Anonymous);
    assert_eq!(both.finding(), Finding::Unknown);
    assert!(both.children().iter().all(|part| part.finding() == Finding::Unknown));
}

#[test]
fn no_value_of_a_claim_is_told() {
    let rule = claim("department", "WANTED").and(!claim("department", "HELD"));
    let tree = explained(&rule, &with_claim("", &[], "department", "HELD".into())).to_string();
    assert!(tree.contains("claim(department): fails, held another value"), "{tree}");
    assert!(!tree.contains("WANTED") && !tree.contains("HELD"), "{tree}");
    let absent = explained(&claim("other", 1), &known("", &[])).to_string();
    assert_eq!(absent, "* claim(other): fails, held claim: none\n");
}

#[test]
fn each_condition_tells_what_the_caller_has_in_its_place() {
    let alice = known("a", &["r"]);
    for (rule, held) in [
        (acr("phr"), "acr: none"),
        (amr("otp"), "amr: none"),
        (max_age(std::time::Duration::from_secs(60)), "auth_time: none"),
        (client("c"), "client: none"),
        (group("g"), "groups: none"),
        (issuer("i"), "issuer: none"),
        (via_method(portcullis_core::CredentialMethod::Basic), "method: jwt"),
    ] {
        assert_eq!(explained(&rule, &alice).held_text(), Some(held), "{rule}");
    }
    let mut login = portcullis_core::Assurance::default();
    login.auth_time = Some(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000));
    let bob = Principal::builder("bob", portcullis_core::CredentialMethod::Jwt).assurance(login);
    let old = explained(&max_age(std::time::Duration::from_secs(60)), &Who::Known(bob.build()));
    assert_eq!(old.held_text(), Some("auth_time: 1700000000"));
    let many: Vec<String> = (0..100).map(|number| format!("s{number:02}")).collect();
    let held = explained(&scope("x"), &known(&many.join(" "), &[]));
    assert!(held.held_text().unwrap().ends_with("s15 and 84 more"), "{held}");
}

/// The outcomes of so many conditions are kept; of later ones only what came of the whole is known.
#[test]
fn a_rule_with_very_many_conditions_tells_what_came_of_it() {
    let roles = |count: usize| (0..count).map(|number| role(format!("r{number}"))).reduce(Rule::and).unwrap();
    let names: Vec<String> = (0..40).map(|number| format!("r{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let at_limit = explained(&roles(28).and(!scope("a")), &known("a", &names));
    assert_eq!((at_limit.asked(), at_limit.finding()), ("rule", Finding::Fails));
    let within = explained(&roles(27).and(!scope("a")), &known("a", &names));
    assert_eq!((within.asked(), within.finding()), ("all of", Finding::Fails));
    assert!(within.children()[27].children()[0].is_decisive());
    let beyond = explained(&roles(40), &known("", &names[..39]));
    assert_eq!((beyond.asked(), beyond.finding()), ("rule", Finding::Fails));
    let allowed = explained(&roles(40), &known("", &names));
    assert_eq!((allowed.asked(), allowed.finding()), ("all of", Finding::Holds));
    assert_eq!(allowed.children()[39].finding(), Finding::NotAsked);
}

#[test]
fn the_denial_and_the_trail_carry_the_same_tree() {
    let request = request(&known("a", &[]));
    let view = RequestView::of(&request).unwrap();
    let denial = scope("b").decide(&view).unwrap_err();
    let of_denial = denial.explanation_tree().unwrap().tree(view.principal());
    let of_trail =
        view.trail().read(|state| state.entries[0].explained.as_ref().unwrap().tree(view.principal()));
    assert_eq!((of_denial.to_string(), &of_denial), (of_trail.to_string(), &of_trail));
    // Nobody said that the caller may see it.
    assert!(denial.disclosed().is_none());
    view.trail().disclose();
    assert!(scope("b").decide(&view).unwrap_err().disclosed().is_some());
}
