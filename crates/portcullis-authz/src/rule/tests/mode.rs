use portcullis_core::{Decision, Effect, Mode, Reason, Room};

use super::super::*;
use crate::test_support::{Noted, Who, known, noted, request};

/// Whether the request passes, and what was noted.
fn decide(rule: &Rule, who: &Who) -> (bool, Vec<Noted>) {
    let request = request(who);
    let passed = rule.decide(&RequestView::of(&request).unwrap()).is_ok();
    (passed, noted(&request, Room::Rule))
}

#[test]
fn what_is_watched_is_noted_and_changes_nothing() {
    let broken = || rule_fn("broken", |_| Decision::deny(Reason::StoreUnavailable));
    let panics = || when("panics", |_| panic!("a mistake of the predicate"));
    for (watched, reason) in [
        (role("admin"), Reason::InsufficientRole),
        (broken(), Reason::StoreUnavailable),
        (panics(), Reason::Panicked),
        (tenant_matches("tenant"), Reason::Misconfigured),
        (!scope("a"), Reason::ExplicitlyDenied),
    ] {
        let (passed, noted) = decide(&scope("a").and(watched.clone().shadowed()), &known("a", &[]));
        assert!(passed, "{watched}");
        let [(Effect::Deny, found, false, _), (Effect::Allow, Reason::RuleSatisfied, true, _)] =
            noted.as_slice()
        else {
            panic!("{watched}: {noted:?}");
        };
        assert_eq!(*found, reason, "{watched}");
        // What is enforced refuses all the same.
        let (passed, noted) = decide(&scope("x").and(watched.shadowed()), &known("a", &[]));
        assert!(!passed);
        assert_eq!(noted.last().map(|last| (last.1, last.2)), Some((Reason::InsufficientScope, true)));
    }
}

#[test]
fn what_is_watched_and_satisfied_is_not_noted() {
    let (passed, noted) = decide(&scope("a").and(role("r").shadowed()), &known("a", &["r"]));
    assert!(passed && noted.len() == 1, "{noted:?}");
}

#[test]
fn a_deny_can_be_watched() {
    let rule = scope("a").unless(role("leaver").shadowed()).unless(role("suspended"));
    let (passed, noted) = decide(&rule, &known("a", &["leaver"]));
    assert!(passed);
    assert!(
        matches!(noted.first(), Some((Effect::Deny, Reason::ExplicitlyDenied, false, detail)) if detail == "forbids role(leaver)")
    );
    assert!(!decide(&rule, &known("a", &["leaver", "suspended"])).0);
    let (passed, noted) =
        decide(&scope("a").and(forbid(role("leaver")).shadowed()), &known("a", &["leaver"]));
    assert!(passed && noted.len() == 2, "{noted:?}");
}

#[test]
fn a_watched_rule_still_needs_a_caller() {
    for rule in [scope("x").shadowed(), scope("x").shadowed().and(role("r").shadowed())] {
        assert!(decide(&rule, &known("a", &[])).0);
        assert!(!decide(&rule, &Who::Anonymous).0);
        assert!(!decide(&rule, &Who::NotAsked).0);
    }
    assert!(decide(&anonymous().and(role("r").shadowed()), &Who::Anonymous).0);
}

#[test]
fn an_alternative_or_a_negation_is_enforced_whatever_its_mode() {
    let nobody = known("", &[]);
    assert!(!decide(&scope("a").or(role("r").shadowed()), &nobody).0);
    assert!(decide(&scope("a").or(role("r").shadowed()), &known("", &["r"])).0);
    assert!(!decide(&!role("r").shadowed(), &known("", &["r"])).0);
    assert!(decide(&!role("r").shadowed(), &nobody).0);
    // Also one of nothing but parts that are watched.
    let watched = scope("a").or(role("r").shadowed().and(role("s").shadowed()));
    assert!(!decide(&watched, &nobody).0 && !decide(&watched, &known("", &["r"])).0);
    assert!(decide(&watched, &known("", &["r", "s"])).0);
    assert_eq!(watched.lint().iter().map(|error| error.code().code()).collect::<Vec<_>>(), ["P219", "P219"]);
    // Beside one that is not, a part is watched.
    assert!(decide(&scope("a").or(role("r").and(role("s").shadowed())), &known("", &["r"])).0);
}

#[test]
fn a_share_is_the_same_for_every_part_of_a_request() {
    let half = |rule: Rule| rule.in_mode(Mode::Percent(50));
    let rule = authenticated().and(half(role("x"))).and(half(role("y")));
    let (mut refused, mut passed) = (0, 0);
    for _ in 0..200 {
        match decide(&rule, &known("", &[])) {
            (true, noted) => {
                assert_eq!(noted.iter().filter(|entry| !entry.2).count(), 2, "{noted:?}");
                passed += 1;
            }
            (false, noted) => {
                assert!(noted.iter().all(|entry| entry.2), "{noted:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 40 && passed > 40, "{refused} {passed}");
    let share =
        |share| decide(&authenticated().and(role("x").in_mode(Mode::Percent(share))), &known("", &[])).0;
    assert!(share(0) && !share(100) && !share(255));
    assert_eq!(role("x").in_mode(Mode::Enforce), role("x"));
}

#[test]
fn evaluating_says_no_word_to_the_trail() {
    let request = request(&known("a", &[]));
    let rule = scope("a").and(role("r").shadowed());
    assert!(rule.evaluate(&RequestView::of(&request).unwrap()).is_allowed());
    assert!(noted(&request, Room::Rule).is_empty());
}

#[test]
fn a_panic_in_a_whole_rule_that_is_watched_changes_nothing() {
    let panics = when("panics", |_| panic!("a mistake of the predicate"));
    for mode in [Mode::Shadow, Mode::Percent(0)] {
        let request = request(&known("a", &[]));
        panics.decide_as(&RequestView::of(&request).unwrap(), mode).unwrap();
        let noted = noted(&request, Room::Rule);
        assert!(matches!(noted.as_slice(), [(Effect::Deny, Reason::Panicked, false, _)]), "{noted:?}");
    }
}

/// What a panic interrupts must not make a missing caller count as one without anything.
#[test]
fn a_panic_in_what_is_watched_lets_nobody_in_elsewhere() {
    let panics = when("panics", |_| panic!("a mistake of the predicate"));
    let watched = authenticated().unless(panics).shadowed();
    let rule = anonymous().and(watched).and(!role("r"));
    let (passed, noted) = decide(&rule, &Who::Anonymous);
    assert!(!passed, "{noted:?}");
    assert_eq!(noted.last().map(|last| last.1), Some(Reason::MissingCredentials));
}

/// Where nothing else is left of an alternative, what is watched within what is watched counts too.
#[test]
fn an_alternative_of_nothing_but_watched_lists_admits_nobody() {
    let watched = |one: &str, other: &str| scope(one).shadowed().and(scope(other).shadowed()).shadowed();
    let rule = role("admin").or(watched("a", "b").and(watched("c", "d")));
    assert_eq!(rule.lint()[0].code().code(), "P219");
    assert!(!decide(&rule, &known("", &[])).0, "{rule}");
    assert!(!decide(&rule, &known("a b c", &[])).0, "{rule}");
    assert!(decide(&rule, &known("a b c d", &[])).0, "{rule}");
    assert!(decide(&rule, &known("", &["admin"])).0, "{rule}");
}
