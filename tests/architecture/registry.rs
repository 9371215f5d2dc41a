//! Codes are a promise: each means one thing, for ever.

use std::collections::HashSet;

use portcullis::{ConfigCode, ProblemType, Reason};

use super::support::{read, rust_files};

#[track_caller]
fn check_unique(codes: &[&'static str]) {
    let mut seen = HashSet::new();
    for code in codes {
        assert!(seen.insert(code), "{code} stands there twice");
    }
    assert!(seen.len() > 10, "{seen:?}");
}

#[test]
fn codes_are_unique_and_well_formed() {
    let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    check_unique(&reasons);
    for code in reasons {
        let is_snake = code.split('_').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        assert!(is_snake && code.len() <= 40, "{code}");
    }
    let codes: Vec<&str> = ConfigCode::ALL.iter().map(|code| code.code()).collect();
    check_unique(&codes);
    assert!(codes.is_sorted(), "{codes:?}");
    for code in codes {
        let number = code.strip_prefix('P').unwrap_or_else(|| panic!("{code}"));
        assert!(number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit()), "{code}");
    }
}

#[test]
fn problem_types_are_unique_uris_of_failures() {
    let types: Vec<&str> = ProblemType::ALL.iter().map(|problem| problem.uri()).collect();
    check_unique(&types);
    for problem in ProblemType::ALL {
        let (uri, status) = (problem.uri(), problem.status());
        assert!(status.is_client_error() || status.is_server_error(), "{uri}: {status}");
        // A type of ours, or one that IANA keeps.
        let name = uri
            .strip_prefix("urn:portcullis:problem:")
            .or_else(|| uri.strip_prefix("https://iana.org/assignments/http-problem-types#"));
        let is_kebab =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(name.is_some_and(is_kebab), "{uri}");
    }
}

/// A code that nothing raises is a promise that nobody keeps.
#[test]
fn every_code_is_raised_somewhere() {
    let code: String = rust_files()
        .into_iter()
        .filter(|(path, _)| path.starts_with("crates/portcullis") && path.contains("/src/"))
        .filter(|(path, _)| !path.contains("/tests") && !path.ends_with("/registry.rs"))
        .map(|(_, text)| text)
        .collect();
    let is_raised = |name: &str| {
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
        code.match_indices(name).any(|(at, _)| ends(&code[at + name.len()..]))
    };
    let reasons = Reason::ALL.iter().map(|reason| format!("Reason::{reason:?}"));
    let names = reasons.chain(ConfigCode::ALL.iter().map(|code| format!("ConfigCode::{code:?}")));
    let silent: Vec<String> = names.filter(|name| !is_raised(name)).collect();
    assert!(silent.is_empty(), "raised nowhere: {silent:?}");
}

#[test]
fn codes_are_written_in_the_registry_alone() {
    let registry = read("crates/portcullis-core/src/registry.rs");
    for problem in ProblemType::ALL {
        assert_eq!(registry.matches(&format!("\"{}\"", problem.uri())).count(), 1, "{}", problem.uri());
    }
    for (path, text) in rust_files() {
        let is_code =
            path.starts_with("crates/portcullis") && path.contains("/src/") && !path.contains("test");
        let written = text.contains("\"urn:portcullis:problem:") && !path.ends_with("/registry.rs");
        assert!(!(is_code && written), "{path} writes a problem type of its own");
    }
}
