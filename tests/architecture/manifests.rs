//! Arrows between crates, and who may name which crate of others.

use std::collections::{BTreeMap, BTreeSet};

use super::support::{Package, packages, read};

/// What each crate of ours may depend on, short for `portcullis-..`. A new arrow is a line here and on the page, in
/// a commit of its own.
const ARROWS: &[(&str, &[&str])] = &[
    ("portcullis-core", &[]),
    ("portcullis-tower", &["core"]),
    ("portcullis-macros", &[]),
    ("portcullis-edge", &["core", "tower"]),
    ("portcullis-authn", &["core", "tower"]),
    ("portcullis-authz", &["core", "tower"]),
    ("portcullis-ratelimit", &["core", "tower"]),
    ("portcullis-audit", &["core", "tower"]),
    ("portcullis-client", &["core"]),
    ("portcullis-tls", &["core"]),
    ("portcullis-cedar", &["authz", "core"]),
    ("portcullis-decisions", &["authz", "client", "core"]),
    ("portcullis-metrics", &["audit", "authz", "core"]),
    ("portcullis-oauth", &["authn", "client", "core"]),
    ("portcullis-stack", &["audit", "authn", "authz", "core", "edge", "ratelimit", "tower"]),
    ("portcullis-axum", &["audit", "authn", "authz", "core", "edge", "macros", "ratelimit", "stack", "tls"]),
    ("portcullis-openapi", &["authn", "authz", "core", "ratelimit", "stack"]),
    (
        "portcullis",
        &[
            "audit",
            "authn",
            "authz",
            "axum",
            "cedar",
            "client",
            "core",
            "decisions",
            "edge",
            "metrics",
            "oauth",
            "openapi",
            "ratelimit",
            "sqlx",
            "stack",
            "tls",
            "tower",
        ],
    ),
    ("portcullis-sqlx", &["authz", "core"]),
    ("portcullis-testkit", &["authz", "core"]),
    ("xtask", &[]),
];

/// What examples and tests may name of ours, besides the facade.
const OUTSIDE: &[&str] = &["documents-api", "portcullis", "portcullis-bench", "portcullis-testkit"];

/// Crates of others that stand for a transport, a runtime, a client, a router, a clock or cryptography, and the rooms that
/// may need them. What is not here anyone may name.
const KEEPERS: &[(&str, &[&str])] = &[
    ("argon2", &["authn"]),
    ("aws-lc-rs", &["oauth", "testkit"]),
    ("axum", &["axum"]),
    ("axum-core", &["authz", "core"]),
    ("bcrypt", &["authn"]),
    ("cedar-policy", &["cedar"]),
    ("coarsetime", &["core"]),
    ("governor", &["ratelimit"]),
    ("hyper", &["axum", "client", "testkit"]),
    ("hyper-rustls", &["client"]),
    ("hyper-util", &["axum", "client", "testkit"]),
    ("jsonwebtoken", &["oauth"]),
    ("matchit", &["stack"]),
    ("metrics", &["metrics"]),
    ("openssl", &[]),
    ("password-hash", &["authn"]),
    ("quick_cache", &["authn", "decisions", "oauth", "ratelimit"]),
    ("reqwest", &[]),
    ("ring", &[]),
    ("rustls", &["client", "tls"]),
    ("rustls-native-certs", &["client"]),
    ("scrypt", &["authn"]),
    ("sqlx", &["sqlx"]),
    ("tokio", &["authn", "authz", "axum", "cedar", "client", "decisions", "oauth", "testkit", "tls"]),
    ("tokio-rustls", &["tls"]),
    ("url", &[]),
    ("utoipa", &["openapi"]),
    ("x509-parser", &["authn", "tls"]),
];

fn rooms(short: &[&str]) -> BTreeSet<String> {
    short.iter().map(|name| format!("portcullis-{name}")).collect()
}

fn ours(package: &Package) -> BTreeSet<String> {
    package.needs().filter(|needed| needed.is_ours).map(|needed| needed.name.clone()).collect()
}

#[test]
fn no_arrow_but_those_of_the_table() {
    for package in packages().iter().filter(|package| package.folder.starts_with("crates/")) {
        let (_, allowed) = ARROWS
            .iter()
            .find(|(name, _)| *name == package.name)
            .unwrap_or_else(|| panic!("{} has no row in the table of arrows", package.name));
        let strange: Vec<String> = ours(package).difference(&rooms(allowed)).cloned().collect();
        assert!(strange.is_empty(), "{} -> {strange:?}", package.name);
        for dev in package.dependencies.iter().filter(|dependency| dependency.is_dev && dependency.is_ours) {
            let known = rooms(allowed).contains(&dev.name) || dev.name == "portcullis-testkit";
            assert!(known, "the tests of {} -> {}", package.name, dev.name);
        }
        // An arrow that nobody takes any more is a door left open; one that tests alone take is shown as theirs.
        let tests = package.dependencies.iter().filter(|dependency| dependency.is_dev && dependency.is_ours);
        let taken: BTreeSet<String> =
            ours(package).into_iter().chain(tests.map(|dev| dev.name.clone())).collect();
        let left: Vec<String> = rooms(allowed).difference(&taken).cloned().collect();
        assert!(left.is_empty(), "nothing of {} needs {left:?}", package.name);
    }
}

#[test]
fn arrows_of_the_table_make_no_circle() {
    let mut free: BTreeSet<String> = BTreeSet::new();
    let mut left: BTreeMap<&str, BTreeSet<String>> =
        ARROWS.iter().map(|(name, allowed)| (*name, rooms(allowed))).collect();
    while let Some(next) = left.iter().find(|(_, needs)| needs.is_subset(&free)).map(|(name, _)| *name) {
        free.insert(next.to_owned());
        left.remove(next);
    }
    assert!(left.is_empty(), "these wait for each other: {left:?}");
}

#[test]
fn examples_and_tests_see_the_facade_and_the_testkit() {
    for package in packages().iter().filter(|package| !package.folder.starts_with("crates/")) {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.is_ours) {
            assert!(OUTSIDE.contains(&dependency.name.as_str()), "{} -> {}", package.name, dependency.name);
        }
    }
}

#[test]
fn only_the_room_made_for_it_names_a_foreign_crate() {
    for package in packages().iter().filter(|package| package.is_room()) {
        for dependency in package.needs() {
            let keepers = KEEPERS.iter().find(|(name, _)| *name == dependency.name).map(|(_, rooms)| *rooms);
            let allowed = keepers.is_none_or(|keepers| rooms(keepers).contains(&package.name));
            assert!(allowed, "{} names {}", package.name, dependency.name);
        }
    }
}

#[test]
fn the_page_shows_exactly_the_arrows_there_are() {
    let page = read("ARCHITECTURE.md");
    let (_, block) = page.split_once("```arrows\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let on_page: BTreeMap<String, BTreeSet<String>> = block
        .lines()
        .map(|line| {
            let (name, needs) = line.split_once("->").unwrap_or_else(|| panic!("no arrow: {line}"));
            (name.trim().to_owned(), rooms(&needs.split_whitespace().collect::<Vec<_>>()))
        })
        .collect();
    let packages = packages();
    let built: BTreeMap<String, BTreeSet<String>> = packages
        .iter()
        .filter(|package| package.is_room())
        .map(|package| (package.name.clone(), ours(package)))
        .collect();
    assert_eq!(on_page, built);
}

#[test]
fn every_room_has_what_a_published_crate_needs() {
    for package in packages().iter().filter(|package| package.is_room()) {
        let name = &package.name;
        for field in ["description", "license", "rust_version"] {
            assert!(package.manifest[field].is_string(), "{name} has no {field}");
        }
        let keywords = package.manifest["keywords"].as_array().unwrap().len();
        assert!((1..=5).contains(&keywords), "{name} has {keywords} keywords");
        let manifest = read(&format!("{}/Cargo.toml", package.folder));
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} does not take the lints");
        let lib = read(&format!("{}/src/lib.rs", package.folder));
        assert!(lib.starts_with("#![doc = include_str!(\"../README.md\")]"), "{name} has a page of its own");
    }
}
