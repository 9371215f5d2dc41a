//! What holds for every file of Rust.

use super::support::{files, rust_files};

/// The most lines a file may have. A second topic is a second file.
const MOST_LINES: usize = 400;

#[test]
fn no_file_is_longer_than_the_cap() {
    let long: Vec<String> = rust_files()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{path}: {lines}"))
        .collect();
    assert!(long.is_empty(), "longer than {MOST_LINES} lines: {long:#?}");
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("to", "do!"),
        concat!("unimple", "mented!("),
    ];
    for (path, text) in rust_files() {
        for (number, line) in text.lines().enumerate() {
            // Whole words, so that random text in a test is no mark.
            let found = marks.iter().find(|mark| {
                line.match_indices(**mark).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    let after = line[at + mark.len()..].chars().next();
                    ![before, after]
                        .into_iter()
                        .flatten()
                        .any(|c| c.is_alphanumeric() || c == '"' || c == '`')
                })
            });
            assert_eq!(found, None, "{path}:{}", number + 1);
        }
    }
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    let folders =
        [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];
    for (path, text) in files() {
        for folder in folders {
            let named = text.lines().position(|line| line.contains(folder));
            assert_eq!(named, None, "{path} names {folder} (counted from 0)");
        }
    }
}

#[test]
fn a_library_root_holds_docs_modules_and_exports_alone() {
    let items =
        ["fn ", "struct ", "enum ", "trait ", "impl ", "impl<", "const ", "static ", "type ", "macro_rules!"];
    let roots: Vec<(String, String)> =
        rust_files().into_iter().filter(|(path, _)| is_root_of_room(path)).collect();
    assert!(roots.len() > 10);
    for (path, text) in roots {
        for line in text.lines().map(|line| line.trim_start().trim_start_matches("pub ")) {
            assert!(!items.iter().any(|item| line.starts_with(item)), "{path}: {line}");
        }
    }
}

#[test]
fn nothing_but_the_clock_reads_the_time() {
    for (path, text) in rust_files().iter().filter(|(path, _)| is_code_of_room(path)) {
        let reads = text.contains("SystemTime::now") || text.contains("Instant::now");
        assert!(!reads || path.starts_with("crates/portcullis-core/src/clock"), "{path} reads the time");
    }
}

#[test]
fn what_weakens_protection_says_what_must_protect_instead() {
    let mut found = 0;
    for (path, text) in rust_files().iter().filter(|(path, _)| is_code_of_room(path)) {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| weakens(line)) {
            found += 1;
            let above = lines[..at].iter().rev();
            let docs: Vec<&str> =
                above.take_while(|line| line.starts_with("///") || line.starts_with("#[")).copied().collect();
            let docs = docs.join(" ").to_lowercase();
            let headings = ["# security", "# what must protect"];
            let says = headings.iter().any(|heading| docs.contains(heading));
            assert!(says, "{path}:{}: {line} does not say what must protect instead", at + 1);
        }
    }
    assert!(found > 5, "only {found} were found: has the way to write them changed?");
}

fn weakens(line: &str) -> bool {
    let name = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub const fn "));
    name.and_then(|name| name.split('(').next()).is_some_and(|name| {
        ["insecure", "danger"].iter().any(|word| name.split('_').any(|part| part == *word))
    })
}

fn is_code_of_room(path: &str) -> bool {
    path.starts_with("crates/portcullis") && path.contains("/src/") && !path.contains("/tests")
}

fn is_root_of_room(path: &str) -> bool {
    // An attribute macro can stand nowhere but in the root of its crate.
    let is_of_macros = path.starts_with("crates/portcullis-macros/");
    path.starts_with("crates/portcullis") && path.ends_with("/src/lib.rs") && !is_of_macros
}
