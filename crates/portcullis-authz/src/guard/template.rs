//! Route templates, read as matchit (the router inside axum) reads them.

/// The names of the template with the raw text of the path, or `None` if the path does not fit.
///
/// The router has matched before; a path that does not fit was rewritten since, and then nothing is captured.
pub(super) fn captures<'t, 'p>(template: &'t str, path: &'p str) -> Option<Vec<(&'t str, &'p str)>> {
    let mut captured = Vec::new();
    let (mut template, mut path) = (template, path);
    loop {
        match next(template)? {
            Part::End => return path.is_empty().then_some(captured),
            Part::Text(text, rest) => {
                path = path.strip_prefix(text)?;
                template = rest;
            }
            Part::Parameter(name, rest) => {
                let (value, remaining) = segment(path, rest)?;
                captured.push((name, value));
                (template, path) = (rest, remaining);
            }
            Part::Rest(name) => {
                captured.push((name, nonempty(path)?));
                return Some(captured);
            }
        }
    }
}

/// The raw text of the parameter of that name, as [`captures`] finds it; allocates nothing.
pub(crate) fn capture<'p>(template: &str, path: &'p str, wanted: &str) -> Option<&'p str> {
    let (mut template, mut path) = (template, path);
    let mut found = None;
    loop {
        match next(template)? {
            Part::End => return found.filter(|_| path.is_empty()),
            Part::Text(text, rest) => {
                path = path.strip_prefix(text)?;
                template = rest;
            }
            Part::Parameter(name, rest) => {
                let (value, remaining) = segment(path, rest)?;
                found = found.or((name == wanted).then_some(value));
                (template, path) = (rest, remaining);
            }
            Part::Rest(name) => {
                let value = nonempty(path)?;
                return found.or((name == wanted).then_some(value));
            }
        }
    }
}

/// Whether the text, percent-encoded, can be the raw one; allocates nothing.
pub(crate) fn is_encoded(raw: &str, text: &str) -> bool {
    let mut rest = raw.as_bytes();
    for expected in text.bytes() {
        let (octet, after) = match rest {
            [b'%', high, low, after @ ..] => match (hexadecimal(*high), hexadecimal(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => return false,
            },
            [b'%', ..] | [] => return false,
            [octet, after @ ..] => (*octet, after),
        };
        if octet != expected {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

/// Decodes RFC 3986 §2.1 once. A `%` without two hexadecimal digits, and what is no UTF-8, has no text.
pub(super) fn percent_decoded(raw: &str) -> Option<Box<str>> {
    let mut octets = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [octet, after @ ..] = rest {
        rest = after;
        if *octet != b'%' {
            octets.push(*octet);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        octets.push(hexadecimal(*high)? << 4 | hexadecimal(*low)?);
        rest = after;
    }
    String::from_utf8(octets).ok().map(String::into_boxed_str)
}

enum Part<'t> {
    End,
    Parameter(&'t str, &'t str),
    Rest(&'t str),
    Text(&'t str, &'t str),
}

/// The next part of the template; `None` if it is no template.
fn next(template: &str) -> Option<Part<'_>> {
    if template.is_empty() {
        return Some(Part::End);
    }
    for brace in ["{", "}"] {
        if let Some(rest) = template.strip_prefix(brace)
            && let Some(after) = rest.strip_prefix(brace)
        {
            return Some(Part::Text(brace, after));
        }
    }
    if let Some(parameter) = template.strip_prefix('{') {
        let (name, rest) = parameter.split_once('}')?;
        return Some(match name.strip_prefix('*') {
            Some(name) => Part::Rest(name),
            None => Part::Parameter(name, rest),
        });
    }
    let end = template.find(['{', '}']).unwrap_or(template.len());
    let (text, rest) = template.split_at_checked(end)?;
    (!text.is_empty()).then_some(Part::Text(text, rest))
}

/// The value of a parameter: up to the next slash, less the text that must follow it in the same segment.
fn segment<'p>(path: &'p str, template: &str) -> Option<(&'p str, &'p str)> {
    let (segment, _) = path.split_once('/').unwrap_or((path, ""));
    let suffix = match next(template)? {
        Part::Text(text, _) => text.split('/').next().unwrap_or_default(),
        _ => "",
    };
    let value = nonempty(segment.strip_suffix(suffix)?)?;
    Some((value, path.strip_prefix(value)?))
}

fn nonempty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(template: &str, path: &str, expected: Option<&[(&str, &str)]>) {
        assert_eq!(captures(template, path).as_deref(), expected, "{template} {path}");
    }

    #[test]
    fn captures_what_the_router_captures() {
        check("/", "/", Some(&[]));
        check("/a/{id}", "/a/7", Some(&[("id", "7")]));
        check("/a/{id}/b/{other}", "/a/1/b/2", Some(&[("id", "1"), ("other", "2")]));
        check("/a/{id}/", "/a/1/", Some(&[("id", "1")]));
        check("/a/{*rest}", "/a/b/c", Some(&[("rest", "b/c")]));
        check("/a/{id}.json", "/a/x.y.json", Some(&[("id", "x.y")]));
        check("/v{version}/a", "/v2/a", Some(&[("version", "2")]));
        check("/{{literal}}/{id}", "/{literal}/7", Some(&[("id", "7")]));
        check("/a/{id}", "/a/%2F", Some(&[("id", "%2F")]));
    }

    #[test]
    fn captures_nothing_of_a_path_that_does_not_fit() {
        check("/a/{id}", "/a/", None);
        check("/a/{id}", "/a", None);
        check("/a/{id}", "/a/1/2", None);
        check("/a/{id}/", "/a/1", None);
        check("/a/{*rest}", "/a/", None);
        check("/a/{id}.json", "/a/.json", None);
        check("/a/{id", "/a/1", None);
        check("/a/}", "/a/}", None);
    }

    #[test]
    fn decodes_once_and_strictly() {
        let decoded = |raw| percent_decoded(raw);
        assert_eq!(decoded("a%20b%2f%C3%A9").as_deref(), Some("a b/é"));
        assert_eq!(decoded("%2541").as_deref(), Some("%41"));
        assert_eq!(decoded("+").as_deref(), Some("+"));
        for bad in ["%", "%4", "%zz", "%+1", "%FF", "%C3", "%ED%A0%80"] {
            assert_eq!(decoded(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(template in "[/a{}*%.]{0,12}", path in "\\PC{0,24}") {
            let captured = captures(&template, &path).unwrap_or_default();
            for name in ["a", "", "x"] {
                let first = captured.iter().find(|(known, _)| *known == name).map(|(_, raw)| *raw);
                prop_assert_eq!(capture(&template, &path, name), first);
            }
            let decoded = percent_decoded(&path);
            prop_assert_eq!(decoded.as_deref().is_some_and(|text| is_encoded(&path, text)), decoded.is_some());
            prop_assert_eq!(is_encoded(&path, &path), decoded.as_deref() == Some(path.as_str()));
            let _ = percent_decoded(&path);
        }

        #[test]
        fn reads_back_what_was_encoded(text in "\\PC{1,24}") {
            let encoded: String = text.bytes().map(|octet| format!("%{octet:02x}")).collect();
            let path = format!("/a/{encoded}/b");
            let captured = captures("/a/{id}/b", &path).unwrap();
            let decoded = percent_decoded(captured[0].1);
            prop_assert_eq!(decoded.as_deref(), Some(text.as_str()));
            prop_assert_eq!(capture("/a/{id}/b", &path, "id"), Some(captured[0].1));
            prop_assert!(is_encoded(captured[0].1, &text));
        }
    }
}
