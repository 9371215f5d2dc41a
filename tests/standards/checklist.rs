//! The list of demands, each with the test that shows it is met, so that none is lost when tests move.

mod tables;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::tables::{DEMANDS, VECTORS};
use crate::support::vectors::beside_the_checkout;

/// The sections that are covered, with the standard of each: A1 RFC 6750; A2 RFC 7515 to 7519 and 8725; A3 RFC 9068;
/// A4 RFC 7662 and RFC 9701; A5 RFC 8705 and RFC 9440; A6 RFC 9449; A9 RFC 9457; A10 RFC 9470 and RFC 9728; A11 the
/// RateLimit draft, RFC 6585, RFC 9110 §10.2.3 (the fields); A12 RFC 8693, RFC 7009, RFC 7636; A13 RFC 8414 and OpenID
/// Connect Discovery; A14 OpenID Connect Back-Channel Logout; A15 RFC 7617 and API keys; A19 RFC 7239.
const SECTIONS: [&str; 14] =
    ["A1", "A2", "A3", "A4", "A5", "A6", "A9", "A10", "A11", "A12", "A13", "A14", "A15", "A19"];

/// A row of a table: what it is about, a file, and the name of a test or a reason.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    table.trim().lines().map(|row| {
        let (subject, rest) = row.split_once(' ').expect("a row has three columns");
        let (file, last) = rest.trim().split_once(' ').expect("a row has three columns");
        (subject, file, last.trim())
    })
}

/// The text of a file whose first folder may be the name of a crate.
fn source(file: &str) -> String {
    let path = path_of(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn path_of(file: &str) -> PathBuf {
    let folder = match file.split_once('/') {
        Some(("tests", _)) => String::new(),
        Some(("documents-api", _)) => "examples/".to_owned(),
        _ => "crates/portcullis-".to_owned(),
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder + file)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { rust_files(&path) } else { vec![path] };
    entries.flat_map(below).filter(|path| path.extension().is_some_and(|suffix| suffix == "rs")).collect()
}

/// Whether the text has a function of that name with `#[test]` or `#[tokio::test]` above it.
fn has_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim_start).collect();
    let is_above = |line: &&&str| line.starts_with("#[") || line.starts_with("//");
    lines.iter().enumerate().any(|(index, line)| {
        line.trim_start_matches("async ").starts_with(&head)
            && lines[..index]
                .iter()
                .rev()
                .take_while(is_above)
                .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

/// The numbers of the lines that begin with the mark of a demand (M) or of a recommendation (S).
fn demands(standards: &str, section: &str) -> BTreeSet<String> {
    let heading = format!("### {section} ");
    let lines = standards.lines().skip_while(|line| !line.starts_with(&heading)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("### "));
    let numbered = lines.filter_map(|line| line.split_once(". "));
    let binding = numbered.filter(|(_, text)| text.starts_with("M ") || text.starts_with("S "));
    binding.map(|(number, _)| format!("{section}.{number}")).collect()
}

#[test]
fn every_test_that_the_tables_name_exists() {
    for (subject, file, test) in rows(DEMANDS).chain(rows(VECTORS)).filter(|(_, file, _)| *file != "-") {
        assert!(has_test(&source(file), test), "{subject}: no test `{test}` in {file}");
    }
}

#[test]
fn the_tests_of_vectors_read_them() {
    for (vectors, file, _) in rows(VECTORS) {
        assert!(source(file).contains(vectors), "{file} does not name {vectors}");
    }
}

/// The table of known attacks in the docs of the room of tokens names tests as `file::test` or `folder::tests`.
#[test]
fn every_test_that_the_docs_of_tokens_name_exists() {
    let readme = source("oauth/README.md");
    let table = readme.split("# Known attacks").nth(1).and_then(|rest| rest.split("\n# ").next()).unwrap();
    let last_cells = table.lines().filter_map(|row| row.strip_suffix(" |")?.rsplit(" | ").next());
    let names: Vec<_> =
        last_cells.flat_map(|cell| cell.split('`')).filter(|word| word.contains("::")).collect();
    assert!(names.len() > 20, "{names:?}");
    let sources = rust_files(&path_of("oauth/src"));
    for name in names {
        let (module, test) = name.rsplit_once("::").unwrap();
        let found = sources.iter().any(|file| {
            let path = file.to_string_lossy();
            let is_there = || has_test(&std::fs::read_to_string(file).unwrap(), test);
            path.contains(&module.replace("::", "/"))
                && (path.ends_with(&format!("/{test}.rs")) || is_there())
        });
        assert!(found, "the docs name `{name}`");
    }
}

#[test]
fn a_demand_that_does_not_apply_says_why() {
    for (demand, _, reason) in rows(DEMANDS).filter(|(_, file, _)| *file == "-") {
        assert!(reason.split(' ').count() > 5, "{demand}: {reason}");
    }
}

#[test]
fn every_demand_of_the_standards_is_in_the_table_and_the_table_invents_none() {
    let Some(standards) = beside_the_checkout("standards.md") else { return };
    let listed: BTreeSet<String> = rows(DEMANDS).map(|(demand, ..)| demand.to_owned()).collect();
    for section in SECTIONS {
        let demands = demands(&standards, section);
        assert!(!demands.is_empty(), "section {section} is not found");
        let missing: Vec<_> = demands.difference(&listed).collect();
        assert!(missing.is_empty(), "not in the table: {missing:?}");
    }
    for demand in &listed {
        let (section, number) = demand.split_once('.').unwrap();
        let heading = format!("### {section} ");
        let lines = standards.lines().skip_while(|line| !line.starts_with(&heading)).skip(1);
        let mut lines = lines.take_while(|line| !line.starts_with("### "));
        assert!(lines.any(|line| line.starts_with(&format!("{number}. "))), "{demand} is no line");
    }
}

#[test]
fn the_reader_of_sources_finds_tests_and_nothing_else() {
    let source =
        "#[test]\n/// Says why.\nfn one() {}\n\n    #[tokio::test]\n    async fn two() {}\nfn three() {}\n";
    assert!(has_test(source, "one") && has_test(source, "two"));
    assert!(!has_test(source, "three") && !has_test(source, "on") && !has_test("// fn one()", "one"));
}
