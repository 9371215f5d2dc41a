//! Under what terms everything stands that we build on. The list is that of deny.toml.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use super::support::{cargo, read};

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = allowed();
    let mut looked_at = 0;
    for (package, licence) in licences(&["--workspace"]) {
        looked_at += 1;
        assert!(is_allowed(&licence, &allowed), "{package}: `{licence}`");
    }
    assert!(looked_at > 100, "{looked_at}");
}

/// They are in nothing that anyone ships, nor in a build that asks for no feature of the benchmarks.
#[test]
fn exceptions_are_for_peers_of_the_benchmarks_that_are_asked_for() {
    let (allowed, exceptions) = (allowed(), exceptions());
    let mut used = BTreeSet::new();
    for (package, licence) in licences(&["--package", "portcullis-bench", "--all-features"]) {
        if is_allowed(&licence, &allowed) {
            continue;
        }
        let name = package.split(' ').next().unwrap_or_default();
        let exception = exceptions.get(name).unwrap_or_else(|| panic!("{package}: `{licence}`"));
        assert!(is_allowed(&licence, slice::from_ref(exception)), "{package}: `{licence}`");
        used.insert(name.to_owned());
    }
    assert!(used.iter().eq(exceptions.keys()), "{used:?} of {exceptions:?}");
}

/// Each package of the selection, whatever brings it along, and its licence.
fn licences(selection: &[&str]) -> BTreeSet<(String, String)> {
    let how = ["--edges", "normal,build,dev", "--prefix", "none", "--no-dedupe", "--format", "{p}\t{l}"];
    let tree = cargo(&[&["tree", "--locked"], selection, &how].concat());
    let lines = tree.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (package, licence) = line.split_once('\t').unwrap();
            (package.to_owned(), licence.to_owned())
        })
        .collect()
}

/// Crates that may stand under one more licence, by their names.
fn exceptions() -> BTreeMap<String, String> {
    let config = read("deny.toml");
    let (_, list) = config.split_once("\nexceptions = [\n").unwrap();
    let (list, _) = list.split_once("\n]").unwrap();
    let entries = list.lines().filter(|line| !line.trim_start().starts_with('#'));
    entries
        .map(|line| {
            let parts: Vec<&str> = line.split('"').collect();
            let [_, name, _, licence, _] = parts.as_slice() else { panic!("{line}") };
            assert_eq!(line.trim(), format!("{{ crate = \"{name}\", allow = [\"{licence}\"] }},"));
            ((*name).to_owned(), (*licence).to_owned())
        })
        .collect()
}

fn allowed() -> Vec<String> {
    let config = read("deny.toml");
    let (_, list) = config.split_once("\nallow = [\n").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let allowed: Vec<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(allowed.contains(&"MIT".to_owned()), "{allowed:?}");
    allowed
}

/// Reads an SPDX expression: `AND` binds tighter than `OR`; older crates write `/` for `OR`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let verdict = any(&mut rest, allowed);
    verdict && rest.is_empty()
}

fn any(tokens: &mut &[&str], allowed: &[String]) -> bool {
    let mut verdict = all(tokens, allowed);
    while take(tokens, "OR") {
        verdict |= all(tokens, allowed);
    }
    verdict
}

fn all(tokens: &mut &[&str], allowed: &[String]) -> bool {
    let mut verdict = one(tokens, allowed);
    while take(tokens, "AND") {
        verdict &= one(tokens, allowed);
    }
    verdict
}

fn one(tokens: &mut &[&str], allowed: &[String]) -> bool {
    if take(tokens, "(") {
        let verdict = any(tokens, allowed);
        return take(tokens, ")") && verdict;
    }
    let Some((name, rest)) = tokens.split_first() else { return false };
    *tokens = rest;
    let name = match tokens {
        ["WITH", exception, rest @ ..] => {
            *tokens = rest;
            format!("{name} WITH {exception}")
        }
        // Or any later version of it.
        _ => name.strip_suffix('+').unwrap_or(name).to_owned(),
    };
    allowed.contains(&name)
}

fn take(tokens: &mut &[&str], token: &str) -> bool {
    match tokens.split_first() {
        Some((first, rest)) if *first == token => {
            *tokens = rest;
            true
        }
        _ => false,
    }
}

#[test]
fn reads_expressions_of_licences() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only/MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("ISC AND (GPL-3.0-only OR MIT)", true),
        ("MIT OR ISC AND GPL-3.0-only", true),
        ("(MIT OR ISC) AND GPL-3.0-only", false),
        ("Apache-2.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("ISC+", true),
        ("GPL-3.0+", false),
        ("", false),
        ("(MIT", false),
        ("MIT MIT", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
