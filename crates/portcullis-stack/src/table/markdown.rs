//! The table as GitHub-flavoured Markdown, and back to cells.

use super::printed::{HEADINGS, Printed};

pub(super) fn table(rows: &[Printed]) -> String {
    let mut text = format!("{}|{}\n", row(&HEADINGS), " --- |".repeat(HEADINGS.len()));
    for printed in rows {
        text.push_str(&row(&cells(printed)));
    }
    text
}

/// A line of a table.
pub(super) fn row<C: AsRef<str>>(cells: &[C]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The cells of a row as they are written.
fn cells(row: &Printed) -> [String; 5] {
    let access = match row.reason() {
        Some(reason) => format!("**public**: {}", plain(reason)),
        None => code(&row.access),
    };
    [plain(&row.method), code(&row.path), access, plain(&row.schemes), plain(&row.limits)]
}

/// Text that is shown as it is.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*[]<|".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Text as code: nothing in it means anything but a vertical line, which ends a cell everywhere.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let text = text.replace('|', "\\|");
    // GitHub Flavored Markdown §6.3: what ends the code is as many marks as began it.
    let fence = "`".repeat(longest_run(&text) + 1);
    if fence.len() > 1 { format!("{fence} {text} {fence}") } else { format!("`{text}`") }
}

/// How many marks of code stand one after the other at most.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// The tables in a text, each as rows of cells; its headings come first.
pub(super) fn read(text: &str) -> Vec<Vec<Vec<&str>>> {
    let mut tables = Vec::new();
    // The number of the line in its table.
    let mut number = 0;
    for line in text.lines() {
        let is_row = line.trim_start().starts_with('|');
        match (is_row, number) {
            (false, _) => {
                number = 0;
                continue;
            }
            (true, 0) => tables.push(vec![split(line)]),
            // What stands below the headings says how they are aligned.
            (true, 1) => {}
            (true, _) => tables.last_mut().into_iter().for_each(|rows: &mut Vec<_>| rows.push(split(line))),
        }
        number += 1;
    }
    tables
}

/// The cells between the vertical lines that no backslash stands before.
fn split(line: &str) -> Vec<&str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = Vec::new();
    let (mut escaped, mut start) = (false, 0);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '|' => {
                cells.push(line.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = line.get(start..).unwrap_or_default().trim();
    if !last.is_empty() {
        cells.push(last);
    }
    cells
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn route(path: &str, access: &str, public: bool) -> Printed {
        Printed {
            method: "GET".to_owned(),
            path: path.to_owned(),
            access: access.to_owned(),
            public,
            asks: Vec::new(),
            forbids: Vec::new(),
            demands: Vec::new(),
            modes: Vec::new(),
            schemes: "key".to_owned(),
            limits: "-".to_owned(),
            handler: String::new(),
        }
    }

    #[track_caller]
    fn check(row: &Printed, line: &str) {
        assert_eq!(table(std::slice::from_ref(row)).lines().nth(2), Some(line));
    }

    #[test]
    fn marks_of_markdown_in_a_cell_mean_nothing() {
        check(&route("/a|b", "scope(x)", false), r"| GET | `/a\|b` | `scope(x)` | key | - |");
        check(&route("/a", "public: *<b>|`", true), r"| GET | `/a` | **public**: \*\<b>\|\` | key | - |");
        check(&route("/``<b>", "a", false), r"| GET | ``` /``<b> ``` | `a` | key | - |");
        check(&route("/`", r"claim(a = \\|)", false), r"| GET | `` /` `` | `claim(a = \\\|)` | key | - |");
    }

    #[test]
    fn a_table_is_found_in_a_text_and_read_back() {
        let text =
            format!("# Routes\n\nNot | this.\n\n{}\nBut\n| this |\n", table(&[route("/a", "b", false)]));
        let routes = vec![HEADINGS.to_vec(), vec!["GET", "`/a`", "`b`", "key", "-"]];
        assert_eq!(read(&text), [routes, vec![vec!["this"]]]);
        for none in ["", "no table", "\n\n"] {
            assert!(read(none).is_empty(), "{none:?}");
        }
        assert_eq!(read("| a | b"), [[["a", "b"]]]);
    }

    proptest! {
        #[test]
        fn a_row_is_read_back_with_as_many_cells(path in "[ -~é]{1,20}", access in "[ -~é]{1,20}", public: bool) {
            let access = if public { format!("public: {access}") } else { access };
            let row = route(&path.replace('\\', r"\\"), &access.replace('\\', r"\\"), public);
            let text = table(std::slice::from_ref(&row));
            let expected = cells(&row);
            let expected: Vec<&str> = expected.iter().map(|cell| cell.trim()).collect();
            prop_assert_eq!(&read(&text)[0][1], &expected);
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = read(&text);
            let _ = read(&format!("|{text}"));
        }
    }
}
