//! What the scopes and roles of an application stand for, below the table in its file.

use std::fmt::Write as _;

use portcullis_authz::Vocabulary;
use portcullis_core::escape::Escaped;

use super::markdown::{code, row};

/// The headings by which the tables of words are known in a file: the first one says what a row is about.
pub(super) const HEADINGS: [&[&str]; 2] = [&["Scope", "Stands for"], &["Role", "Includes", "Permits"]];

/// The sections, each after an empty line; nothing for an application without such words.
pub(super) fn sections(vocabulary: &Vocabulary) -> String {
    let [of_scopes, of_roles] = HEADINGS;
    let mut text = String::new();
    let scopes = vocabulary.scope_meanings().into_iter().map(|told| vec![vec![told.scope], told.covers]);
    section(&mut text, "Scopes", "A credential with a scope also has what it stands for.", of_scopes, scopes);
    if vocabulary.roles().is_some_and(|model| model.is_written()) {
        let roles = vocabulary.role_meanings().into_iter();
        let roles = roles.map(|told| vec![vec![told.role], told.includes, told.permits]);
        section(
            &mut text,
            "Roles",
            "What each role includes and permits, by way of others too.",
            of_roles,
            roles,
        );
    }
    text
}

/// A table whose cells are lists of names.
fn section(
    text: &mut String,
    title: &str,
    about: &str,
    headings: &[&str],
    rows: impl Iterator<Item = Vec<Vec<String>>>,
) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ =
        write!(text, "\n## {title}\n\n{about}\n\n{}|{}\n", row(headings), " --- |".repeat(headings.len()));
    for cells in rows {
        let cells: Vec<String> = cells.iter().map(|names| list(names)).collect();
        text.push_str(&row(&cells));
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "-".to_owned();
    }
    let names = names.iter().map(|name| code(&Escaped::new(name).with_limit(usize::MAX).to_string()));
    names.collect::<Vec<_>>().join(", ")
}
