use std::collections::HashSet;

use portcullis_core::Scopes;
use proptest::prelude::*;

use super::*;
use crate::Vocabulary;

#[track_caller]
fn check(catalog: ScopeCatalog, expected: &[&str]) {
    let codes = Vocabulary::new().with_scopes(catalog).err();
    let codes: Vec<_> = codes.iter().flat_map(ConfigErrors::codes).collect();
    assert_eq!(codes, expected);
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    check(ScopeCatalog::new(["a", "b"]).implies("a", ["b"]), &[]);
    check(ScopeCatalog::new(["a", "a", "two words", ""]), &["P212", "P206", "P206"]);
    check(ScopeCatalog::new(["a"]).implies("x", ["a"]).implies("a", ["y"]), &["P212", "P212"]);
    check(ScopeCatalog::new(["a", "b"]).implies("a", ["b"]).implies("b", ["a"]), &["P213"]);
    check(ScopeCatalog::new(["a"]).implies("a", ["a"]), &["P213"]);
    check(ScopeCatalog::new(["a:b", "a:*"]).allow_wildcards(), &["P212"]);
    check(ScopeCatalog::new(["a:b", "a:*"]), &[]);
    check(ScopeCatalog::new(["all", "a:b"]).implies("all", ["a:*"]), &["P212"]);
    check(ScopeCatalog::new(["all", "a:b"]).implies("all", ["a:*"]).allow_wildcards(), &[]);
    check(ScopeCatalog::default(), &[]);
}

#[test]
fn a_catalog_takes_as_many_scopes_as_the_limit_and_not_one_more() {
    let many = |count: usize| ScopeCatalog::new((0..count).map(|number| format!("s{number}")));
    check(many(MAX_DECLARED_SCOPES), &[]);
    check(many(MAX_DECLARED_SCOPES + 1), &["P212"]);
    // One of five colons gives rise to five wildcards.
    let deep = |count: usize| {
        ScopeCatalog::new((0..count).map(|n| format!("{n}:{n}:{n}:{n}:{n}:x"))).allow_wildcards()
    };
    check(deep(819), &[]);
    check(deep(820), &["P212"]);
}

#[test]
fn the_message_shows_the_circle() {
    let circle =
        ScopeCatalog::new(["a", "b", "c", "d"]).implies("a", ["b"]).implies("b", ["c"]).implies("c", ["a"]);
    let errors = Vocabulary::new().with_scopes(circle.implies("d", ["a"])).unwrap_err();
    assert!(errors.to_string().contains("`a` -> `b` -> `c` -> `a`"), "{errors}");
}

#[test]
fn wildcards_cover_what_is_declared_below_them_where_they_are_allowed() {
    let catalog = ScopeCatalog::new(["d:read", "d:x:y", "d:", "dx", "e:own", "all"])
        .implies("all", ["e:own"])
        .implies("d:read", ["all"]);
    let without = Vocabulary::new().with_scopes(catalog.clone()).unwrap();
    let with = Vocabulary::new().with_scopes(catalog.allow_wildcards()).unwrap();
    let covers = |words: &Vocabulary, held: &str, scope| words.covers(&Scopes::parse(held).unwrap(), scope);
    for (held, scope, expected) in [
        ("d:*", "d:read", true),
        ("d:*", "d:x:y", true),
        ("d:x:*", "d:x:y", true),
        ("d:x:*", "d:read", false),
        // By way of what `d:read` implies.
        ("d:*", "e:own", true),
        ("d:*", "dx", false),
        ("d*", "dx", false),
        ("*", "dx", false),
        (":*", "d:read", false),
        ("d:*:*", "d:x:y", false),
        ("d:*", "d:undeclared", false),
    ] {
        assert_eq!(covers(&with, held, scope), expected, "{held} {scope}");
        assert!(!covers(&without, held, scope), "{held} {scope}");
    }
    assert!(covers(&with, "d:undeclared", "d:undeclared"));
}

proptest! {
    /// What is held, followed step by step, is what the compiled catalog says, and what rules are bound to.
    #[test]
    fn implications_are_followed_to_their_end(
        pairs in prop::collection::vec((0..8_usize, 0..8_usize), 0..12),
        held in 0..8_usize,
        asked in 0..8_usize,
    ) {
        let name = |number: usize| format!("s{number}");
        let pairs: Vec<_> = pairs.into_iter().filter(|(one, other)| one > other).collect();
        let catalog = ScopeCatalog::new((0..8).map(name));
        let catalog = pairs.iter().fold(catalog, |all, (one, other)| all.implies(&name(*one), [name(*other)]));
        let words = Vocabulary::new().with_scopes(catalog).unwrap();
        let (mut reached, mut next) = (HashSet::new(), vec![held]);
        while let Some(scope) = next.pop() {
            if reached.insert(scope) {
                next.extend(pairs.iter().filter(|(one, _)| *one == scope).map(|(_, other)| *other));
            }
        }
        let expected = reached.contains(&asked);
        let scopes = Scopes::parse(&name(held)).unwrap();
        prop_assert_eq!(words.covers(&scopes, &name(asked)), expected);
        prop_assert_eq!(held == asked || words.covering(&name(asked)).unwrap().contains(&name(held)), expected);
    }
}
