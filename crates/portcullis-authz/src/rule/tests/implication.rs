use crate::*;

#[track_caller]
fn check(rule: &Rule, other: &Rule, expected: bool) {
    assert_eq!(rule.implies(other), expected, "`{rule}` implies `{other}`");
}

#[test]
fn a_rule_implies_its_parts_and_what_is_wider() {
    check(&scope("a"), &scope("a"), true);
    check(&scope("a").and(role("r")), &role("r"), true);
    check(&all_scopes(["a", "b"]), &any_scope(["b", "c"]), true);
    check(&role("r"), &role("r").or(role("s")), true);
    check(&scope("a").unless(role("r")), &scope("a"), true);
    check(&scope("a").unless(role("r")), &!role("r"), true);
    check(&tenant_matches("t").and(scope("a")), &tenant_matches("t"), true);
}

#[test]
fn it_implies_nothing_that_is_narrower_or_beside_it() {
    check(&scope("a"), &scope("b"), false);
    check(&scope("a").or(role("r")), &scope("a"), false);
    check(&any_scope(["a", "b"]), &scope("a"), false);
    check(&authenticated(), &role("r"), false);
    check(&scope("a"), &tenant_matches("t"), false);
    check(&tenant_matches("t"), &tenant_matches("u"), false);
    check(&tenant_matches("t"), &!tenant_matches("u"), false);
    check(&scope("a"), &scope("a").unless(role("r")), false);
}

#[test]
fn whoever_does_not_log_in_counts_too() {
    check(&scope("a"), &authenticated(), true);
    check(&scope("a").or(anonymous()), &authenticated(), false);
    check(&anonymous(), &authenticated(), false);
    check(&network("10.0.0.0/8").and(anonymous()), &anonymous(), true);
}

#[test]
fn what_is_only_watched_is_no_reason_and_is_implied_as_if_it_were_enforced() {
    check(&scope("a").and(role("r").shadowed()), &scope("a"), true);
    check(&scope("a").and(role("r").shadowed()), &role("r"), false);
    check(&scope("a").shadowed(), &scope("a"), false);
    check(&scope("a"), &scope("a").shadowed(), true);
    check(&scope("a"), &role("r").shadowed(), false);
    check(&scope("a"), &scope("a").and(role("r").shadowed()), false);
}

#[test]
fn what_is_too_large_is_not_judged() {
    let large = all_scopes((0..20).map(|number| format!("s{number}")));
    check(&large, &scope("s1"), false);
    check(&large, &large, true);
}
