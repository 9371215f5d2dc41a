use portcullis_core::{Reason, Scopes};

use super::super::*;
use crate::test_support::{Who, challenges, known, request};
use crate::{RoleModel, ScopeCatalog, Vocabulary};

fn words() -> Vocabulary {
    let scopes = ScopeCatalog::new(["d:read", "d:write", "d:admin", "reports"])
        .implies("d:write", ["d:read"])
        .implies("d:admin", ["d:write"])
        .allow_wildcards();
    let roles = RoleModel::builder()
        .role("viewer")
        .permits("read")
        .role("editor")
        .includes("viewer")
        .permits("write")
        .role("admin")
        .includes("editor");
    Vocabulary::new().with_scopes(scopes).unwrap().with_roles(roles.build().unwrap())
}

#[track_caller]
fn check(rule: &Rule, who: &Who, expected: Reason) {
    let request = request(who);
    let bound = rule.within(&words()).unwrap();
    assert_eq!(bound.evaluate(&RequestView::of(&request).unwrap()).reason(), expected, "{rule}");
    assert_eq!((&bound, bound.to_string()), (rule, rule.to_string()));
}

#[test]
fn a_scope_holds_for_whom_another_implies_it() {
    use Reason::{InsufficientScope, RuleSatisfied};

    for (rule, held, expected) in [
        (scope("d:read"), "d:read", RuleSatisfied),
        (scope("d:read"), "d:write", RuleSatisfied),
        (scope("d:read"), "d:admin", RuleSatisfied),
        (scope("d:read"), "d:*", RuleSatisfied),
        (scope("d:read"), "reports", InsufficientScope),
        (scope("d:read"), "*", InsufficientScope),
        (scope("d:read"), "d:", InsufficientScope),
        (scope("d:write"), "d:read", InsufficientScope),
        (scope("reports"), "d:*", InsufficientScope),
        (any_scope(["reports", "d:write"]), "d:admin", RuleSatisfied),
        (any_scope(["reports", "d:admin"]), "d:write", InsufficientScope),
        (all_scopes(["d:read", "reports"]), "d:* reports", RuleSatisfied),
        (all_scopes(["d:read", "reports"]), "d:*", InsufficientScope),
        (!scope("d:read"), "d:write", Reason::ExplicitlyDenied),
        (!scope("d:write"), "d:read", RuleSatisfied),
        (scope("reports").or(!scope("d:write")).unless(scope("d:admin")), "d:*", Reason::ExplicitlyDenied),
    ] {
        check(&rule, &known(held, &[]), expected);
    }
}

#[test]
fn roles_and_permissions_are_those_of_the_model() {
    use Reason::{InsufficientPermission, InsufficientRole, RuleSatisfied};

    for (rule, roles, expected) in [
        (role("viewer"), &["admin"][..], RuleSatisfied),
        (role("viewer"), &["other", "editor"], RuleSatisfied),
        (role("editor"), &["viewer"], InsufficientRole),
        (role("viewer"), &["other"], InsufficientRole),
        (role("viewer"), &[], InsufficientRole),
        (permission("read"), &["admin"], RuleSatisfied),
        (permission("write"), &["viewer"], InsufficientPermission),
        (permission("write"), &["other"], InsufficientPermission),
        (!role("viewer"), &["admin"], Reason::ExplicitlyDenied),
    ] {
        check(&rule, &known("", roles), expected);
    }
    check(&permission("read"), &Who::Anonymous, Reason::MissingCredentials);
}

/// A1.10: the scope that was asked for, whatever would do in its place.
#[test]
fn the_challenge_names_the_scope_that_was_asked_for() {
    for (rule, held, expected) in [
        (scope("d:read"), "reports", "d:read"),
        (scope("d:read").and(scope("reports")), "d:admin", "d:read reports"),
        (any_scope(["reports", "d:read"]).and(role("viewer")).or(scope("d:write")), "x", "d:write"),
    ] {
        let request = request(&known(held, &[]));
        let denial = rule.within(&words()).unwrap().decide(&RequestView::of(&request).unwrap()).unwrap_err();
        let challenge = format!(r#"Bearer realm="app", error="insufficient_scope", scope="{expected}""#);
        assert_eq!(challenges(&denial), [challenge]);
    }
}

#[test]
fn everything_that_is_not_declared_is_reported_at_once() {
    let rule =
        scope("d:raed").and(role("edtior")).and(permission("wirte")).unless(any_scope(["d:*", "reports"]));
    let errors = rule.within(&words()).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P211", "P211", "P224", "P225"]);
    let text = errors.to_string();
    for hint in ["did you mean `d:read`", "did you mean `editor`", "did you mean `write`"] {
        assert!(text.contains(hint), "{text}");
    }
}

#[test]
fn binding_again_binds_anew_and_without_words_nothing_is_implied() {
    let bound = scope("d:read").within(&words()).unwrap();
    let unbound = bound.within(&Vocabulary::new()).unwrap();
    let request = request(&known("d:write", &[]));
    let view = RequestView::of(&request).unwrap();
    assert!(bound.evaluate(&view).is_allowed() && !unbound.evaluate(&view).is_allowed());
    assert_eq!(permission("p").within(&Vocabulary::new()).unwrap_err().codes().collect::<Vec<_>>(), ["P218"]);
    assert!(!Vocabulary::new().covers(&Scopes::parse("d:write").unwrap(), "d:read"));
}

/// Such as that of an annotated handler, which is asked behind the gate of its route.
#[test]
fn an_unbound_rule_goes_by_what_the_trail_was_told() {
    let all = known("d:* x", &["admin"]);
    let rules = [
        scope("d:read"),
        all_scopes(["d:read", "x"]),
        any_scope(["y", "d:write"]),
        role("viewer"),
        permission("write"),
    ];
    for rule in &rules {
        let request = request(&all);
        let view = RequestView::of(&request).unwrap();
        assert!(!rule.evaluate(&view).is_allowed(), "{rule}");
        words().speak_to(view.trail());
        assert!(rule.evaluate(&view).is_allowed(), "{rule}");
        assert_eq!((!rule.clone()).evaluate(&view).reason(), Reason::ExplicitlyDenied, "{rule}");
    }
    let request = request(&known("reports", &["viewer"]));
    let view = RequestView::of(&request).unwrap();
    words().speak_to(view.trail());
    for rule in &rules {
        assert!(!rule.evaluate(&view).is_allowed() || *rule == role("viewer"), "{rule}");
    }
    assert_eq!(permission("write").evaluate(&view).reason(), Reason::InsufficientPermission);
}

/// Such as a rule of a library below an application with other words.
#[test]
fn a_rule_that_was_bound_to_words_of_its_own_refuses_below_an_application_that_has_others() {
    let own = ScopeCatalog::new(["mail:read", "mail:write"]);
    let own = Vocabulary::new().with_scopes(own).unwrap();
    for rule in [scope("mail:read"), any_scope(["mail:read", "mail:write"])] {
        let request = request(&known("d:read", &[]));
        let view = RequestView::of(&request).unwrap();
        words().speak_to(view.trail());
        let bound = rule.within(&own).unwrap();
        assert_eq!(bound.decide(&view).unwrap_err().reason(), Reason::InsufficientScope, "{rule}");
        assert!((!bound.clone()).evaluate(&view).is_allowed(), "{rule}");
        // Bound to words without scopes is bound to no scopes.
        for unbound in [rule.clone(), bound.within(&Vocabulary::new()).unwrap()] {
            assert_eq!(unbound.decide(&view).unwrap_err().reason(), Reason::Misconfigured, "{rule}");
        }
    }
}

/// Such as a rule on a plain router, which nobody binds: by negation it must not become a pass.
#[test]
fn an_unbound_rule_that_asks_for_an_unknown_name_is_a_failure_whichever_way_it_asks() {
    let rules = [
        (scope("d:raed"), "d:read"),
        (all_scopes(["d:read", "d:*"]), "d:read"),
        (role("edtior"), "d:read"),
        (permission("wirte"), "d:read"),
    ];
    for (rule, held) in rules {
        let request = request(&known(held, &["viewer"]));
        let view = RequestView::of(&request).unwrap();
        let says = |rule: Rule| rule.evaluate(&view).reason();
        assert_ne!(says(rule.clone()), Reason::RuleSatisfied, "{rule}");
        words().speak_to(view.trail());
        assert_eq!(says(rule.clone()), Reason::Misconfigured, "{rule}");
        assert_eq!(says(!rule.clone()), Reason::Misconfigured, "{rule}");
        assert_eq!(says(authenticated().unless(rule.clone())), Reason::Misconfigured, "{rule}");
        let denial = rule.decide(&view).unwrap_err();
        assert!(denial.explanation().is_some_and(|why| why.contains("knows no such name")), "{denial:?}");
    }
}
