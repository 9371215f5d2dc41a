//! The name that somebody may have meant.

use std::fmt::Write as _;

use portcullis_core::escape::Escaped;

/// Longer names are not compared.
const MAX_COMPARED: usize = 64;

/// `; did you mean ..?`, or nothing if no name is spelt nearly alike.
pub(crate) fn hint<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let mut hint = String::new();
    if let Some(name) = nearest(written, names) {
        let _ = write!(hint, "; did you mean `{}`?", Escaped::new(name));
    }
    hint
}

/// The name with the fewest differences, if they are few enough for a slip of the fingers: one in three characters, and two that changed places.
fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > MAX_COMPARED {
        return None;
    }
    let names = names.into_iter().filter(|name| name.len() <= MAX_COMPARED);
    let distances = names.map(|name| (distance(written, name), name));
    let (distance, name) = distances.min()?;
    (distance * 3 <= written.chars().count().max(3) + 1).then_some(name)
}

/// How many characters must be put in, left out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, c) in one.chars().enumerate() {
        let mut left = index + 1;
        let mut next = vec![left];
        for ((above, diagonal), d) in row.iter().skip(1).zip(&row).zip(&other) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(c != *d));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: Option<&str>) {
        let names = ["documents:read", "documents:write", "reports"];
        assert_eq!(nearest(written, names), expected, "{written}");
    }

    #[test]
    fn finds_slips_of_the_fingers_and_nothing_far_fetched() {
        check("document:read", Some("documents:read"));
        check("documents:wirte", Some("documents:write"));
        check("documents.read", Some("documents:read"));
        check("report", Some("reports"));
        check("payments", None);
        check("", None);
        check(&"x".repeat(1000), None);
        assert_eq!(nearest("a", []), None);
    }

    #[test]
    fn counts_what_differs() {
        for (one, other, expected) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("é", "e", 1)]
        {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn hints_on_one_line() {
        assert_eq!(hint("report", ["reports"]), "; did you mean `reports`?");
        assert_eq!(hint("ab\n", ["ab\r"]), "; did you mean `ab\\u{d}`?");
        assert_eq!(hint("x", ["reports"]), "");
    }
}
