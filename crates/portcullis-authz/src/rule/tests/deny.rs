use portcullis_core::{Decision, Reason};
use proptest::prelude::*;

use super::super::*;
use crate::test_support::{Who, known, request};

#[track_caller]
fn check(rule: &Rule, who: &Who, expected: Reason) {
    let request = request(who);
    assert_eq!(rule.evaluate(&RequestView::of(&request).unwrap()).reason(), expected, "{rule}");
}

#[test]
fn a_deny_beats_every_allow_whatever_the_order() {
    let deny = || forbid(role("suspended"));
    let admin = known("a", &["admin", "suspended"]);
    for rule in [
        scope("a").unless(role("suspended")),
        scope("a").unless(role("suspended")).or(role("admin")),
        role("admin").or(scope("a").unless(role("suspended"))),
        deny().or(scope("a")).or(role("admin")),
        scope("a").or(deny()).and(role("admin")),
        authenticated().and(scope("a").or(deny().or(role("admin")))),
        scope("a").unless(forbid(role("suspended")).or(role("other"))),
    ] {
        check(&rule, &admin, Reason::ExplicitlyDenied);
        check(&rule, &known("a", &["admin"]), Reason::RuleSatisfied);
        assert!(rule.lint().is_empty(), "{rule}: {:?}", rule.lint());
    }
    // A negation turns what is allowed, not what is forbidden.
    let not = !scope("b").unless(role("suspended"));
    check(&not, &admin, Reason::ExplicitlyDenied);
    check(&not, &known("a", &[]), Reason::RuleSatisfied);
    check(&!not, &admin, Reason::ExplicitlyDenied);
}

#[test]
fn the_refusal_tells_what_is_forbidden() {
    let request = request(&known("a", &["suspended"]));
    let rule = scope("a").unless(role("suspended").or(role("leaver")));
    let denial = rule.decide(&RequestView::of(&request).unwrap()).unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.explanation()), (403, Some("forbids role(suspended)")));
    assert_eq!(denial.challenges().count(), 0);
}

#[test]
fn what_is_not_forbidden_still_needs_to_be_allowed() {
    let rule = scope("a").unless(role("suspended"));
    check(&rule, &known("b", &[]), Reason::InsufficientScope);
    check(&rule, &Who::Anonymous, Reason::MissingCredentials);
    check(&rule, &Who::NotAsked, Reason::Misconfigured);
    check(&forbid(role("x")), &known("b", &[]), Reason::Misconfigured);
    check(&!forbid(role("x")), &known("b", &[]), Reason::Misconfigured);
    assert_eq!(rule.required_scopes().to_string(), "a");
}

/// Invariant 4: a failure is neither a denial nor a pass.
#[test]
fn a_deny_that_fails_is_no_pass() {
    let failed = || rule_fn("broken", |_| Decision::deny(Reason::StoreUnavailable));
    check(&scope("a").unless(failed()), &known("a", &[]), Reason::StoreUnavailable);
    // What is decided without it stays decided.
    check(&scope("x").unless(failed()), &known("a", &[]), Reason::InsufficientScope);
    check(&scope("a").unless(failed().or(role("r"))), &known("a", &["r"]), Reason::ExplicitlyDenied);
    check(&scope("a").unless(role("")), &known("a", &[]), Reason::Misconfigured);
}

#[test]
fn to_nobody_a_deny_applies_as_to_somebody_without_anything() {
    let open = || anonymous().or(authenticated());
    check(&open().unless(role("suspended")), &Who::Anonymous, Reason::RuleSatisfied);
    check(&open().unless(!role("member")), &Who::Anonymous, Reason::ExplicitlyDenied);
    check(&open().unless(authenticated()), &Who::Anonymous, Reason::RuleSatisfied);
    check(&open().unless(authenticated()), &known("", &[]), Reason::ExplicitlyDenied);
    check(&open().unless(anonymous()), &Who::Anonymous, Reason::ExplicitlyDenied);
    check(&open().unless(role("suspended")), &Who::NotAsked, Reason::Misconfigured);
    check(&open().unless(when("always", |_| true)), &Who::Anonymous, Reason::ExplicitlyDenied);
}

/// Joins by `and` and `or`, with denies here and there.
#[derive(Clone, Debug)]
enum Tree {
    Deny(usize),
    Role(usize),
    Both(bool, Box<Self>, Box<Self>),
}

const ROLES: [&str; 4] = ["a", "b", "c", "d"];

impl Tree {
    fn rule(&self) -> Rule {
        match self {
            Self::Deny(number) => forbid(role(ROLES[*number])),
            Self::Role(number) => role(ROLES[*number]),
            Self::Both(true, one, other) => one.rule().and(other.rule()),
            Self::Both(false, one, other) => one.rule().or(other.rule()),
        }
    }

    fn denies(&self, held: u8) -> bool {
        match self {
            Self::Deny(number) => held >> number & 1 == 1,
            Self::Role(_) => false,
            Self::Both(_, one, other) => one.denies(held) || other.denies(held),
        }
    }

    /// `None` for what allows nothing by itself, and stands in nothing's way.
    fn allows(&self, held: u8) -> Option<bool> {
        match self {
            Self::Deny(_) => None,
            Self::Role(number) => Some(held >> number & 1 == 1),
            Self::Both(all, one, other) => match (one.allows(held), other.allows(held)) {
                (Some(one), Some(other)) => Some(if *all { one && other } else { one || other }),
                (one, other) => one.or(other),
            },
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![(0..4_usize).prop_map(Tree::Role), (0..4_usize).prop_map(Tree::Deny)];
    leaf.prop_recursive(4, 16, 2, |inner| {
        (any::<bool>(), inner.clone(), inner)
            .prop_map(|(all, one, other)| Tree::Both(all, Box::new(one), Box::new(other)))
    })
}

proptest! {
    #[test]
    fn whatever_the_tree_a_deny_anywhere_refuses_and_the_rest_is_as_without_denies(tree in trees()) {
        let rule = tree.rule();
        for held in 0_u8..16 {
            let roles: Vec<&str> = ROLES.iter().enumerate().filter(|(n, _)| held >> n & 1 == 1).map(|(_, r)| *r).collect();
            let request = request(&known("", &roles));
            let allowed = rule.evaluate(&RequestView::of(&request).unwrap()).is_allowed();
            prop_assert_eq!(allowed, !tree.denies(held) && tree.allows(held) == Some(true), "{} {:?}", rule, roles);
        }
    }
}
