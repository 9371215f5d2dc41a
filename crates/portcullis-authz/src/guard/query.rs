//! One parameter of a query.

use std::borrow::Cow;

use super::template::percent_decoded;

/// Why there is no one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Missing,
    Repeated,
    Undecodable,
}

impl Wrong {
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::Repeated => "must not be repeated",
            Self::Undecodable => "is not percent-encoded utf-8",
        }
    }
}

/// The value of the one parameter of that name, however its name is spelt.
pub(super) fn only<'q>(query: &'q str, name: &str) -> Result<Cow<'q, str>, Wrong> {
    let mut found = None;
    for pair in query.split('&') {
        let (spelt, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A name that cannot be decoded is not this one, and what it is worth is nobody's business here.
        if spelt != name && decoded(spelt).as_deref() != Some(name) {
            continue;
        }
        if found.replace(value).is_some() {
            return Err(Wrong::Repeated);
        }
    }
    decoded(found.ok_or(Wrong::Missing)?).ok_or(Wrong::Undecodable)
}

fn decoded(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains(['%', '+']) {
        return Some(Cow::Borrowed(raw));
    }
    percent_decoded(&raw.replace('+', " ")).map(|text| Cow::Owned(text.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(query: &str, expected: Result<&str, Wrong>) {
        assert_eq!(only(query, "id").as_deref(), expected.as_ref().map(|value| *value), "{query}");
    }

    #[test]
    fn finds_the_one_value() {
        check("id=7", Ok("7"));
        check("a=1&id=7&b", Ok("7"));
        check("%69d=a%20b+c", Ok("a b c"));
        check("id", Ok(""));
        check("id=", Ok(""));
        check("id=a=b", Ok("a=b"));
        check("%zz=1&id=7", Ok("7"));
    }

    #[test]
    fn refuses_what_can_be_read_in_two_ways() {
        check("", Err(Wrong::Missing));
        check("ID=7&id[]=7&iid=7", Err(Wrong::Missing));
        check("id=7&id=7", Err(Wrong::Repeated));
        check("id=7&i%64=8", Err(Wrong::Repeated));
        check("id=%FF", Err(Wrong::Undecodable));
        check("id=%2", Err(Wrong::Undecodable));
    }

    proptest! {
        #[test]
        fn never_panics(query in "[id=&%+0-9a-f]{0,40}|\\PC{0,40}") {
            let _ = only(&query, "id");
        }

        #[test]
        fn reads_back_what_was_encoded(text in "\\PC{0,24}") {
            let encoded: String = text.bytes().map(|octet| format!("%{octet:02X}")).collect();
            let query = format!("x=1&id={encoded}&y");
            let found = only(&query, "id");
            prop_assert_eq!(found.as_deref(), Ok(text.as_str()));
        }
    }
}
