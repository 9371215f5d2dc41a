//! Which rules let nobody by who was not asked for the tenant.

use portcullis_core::Mode;

use crate::{Rule, danger_any_tenant, forbid, role, scope, tenant_matches};

fn own() -> Rule {
    tenant_matches("t")
}

#[track_caller]
fn check(rule: &Rule, expected: bool) {
    assert_eq!(rule.heeds_tenant("t"), expected, "{rule}");
    assert!(!rule.heeds_tenant("other"), "{rule}");
}

#[test]
fn a_condition_beside_others_is_asked_of_everybody() {
    check(&own(), true);
    check(&scope("a").and(own()), true);
    check(&scope("a").and(own()).or(role("r").and(own())), true);
    check(&scope("a").and(own().or(role("r").and(danger_any_tenant("t")))), true);
    check(&scope("a").and(own()).unless(role("leaver")), true);
    check(&scope("a").unless(!own()), true);
    check(&scope("a").unless(role("leaver").or(!own())), true);
    check(&!(!own()), true);
    check(&!(role("leaver").or(!own())), true);
}

#[test]
fn an_alternative_without_it_is_a_way_across() {
    check(&scope("a"), false);
    check(&scope("a").or(own()), false);
    check(&scope("a").and(role("r").or(own())), false);
    check(&!own(), false);
    check(&scope("a").unless(own()), false);
    check(&scope("a").unless(role("leaver").and(!own())), false);
    check(&!(role("leaver").and(!own())), false);
}

#[test]
fn what_is_watched_keeps_nobody_out() {
    for mode in [Mode::Shadow, Mode::Percent(99)] {
        check(&scope("a").and(own().in_mode(mode)), false);
        check(&scope("a").and(own()).in_mode(mode), false);
        check(&own().in_mode(mode), false);
        check(&scope("a").unless((!own()).in_mode(mode)), false);
        check(&scope("a").and(own()).and(role("r").in_mode(mode)), true);
    }
    check(&scope("a").and(own().in_mode(Mode::Enforce)), true);
}

#[test]
fn the_parameters_are_those_that_are_asked_of_in_earnest() {
    let own = || tenant_matches("t");
    for rule in [own(), own().or(role("r")), scope("a").unless(!own()), !own()] {
        assert_eq!(rule.tenant_parameters(), ["t"], "{rule}");
    }
    for rule in [own().shadowed(), scope("a").and(own().shadowed()), danger_any_tenant("t"), scope("a")] {
        assert!(rule.tenant_parameters().is_empty(), "{rule}");
    }
}

#[test]
fn what_lets_nobody_in_lets_nobody_across() {
    assert!(forbid(role("leaver")).heeds_tenant("t"));
}
