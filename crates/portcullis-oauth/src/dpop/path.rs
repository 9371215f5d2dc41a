//! Paths, compared as RFC 3986 §6.2.2 says.

/// Whether both name the same resource: percent-encoding without case, and needless for unreserved characters; dot
/// segments resolved; nothing is `/`. An encoded slash is no slash. Takes a time that is linear in the lengths.
pub(super) fn is_same(one: &str, two: &str) -> bool {
    // What clients send in earnest is equal as it stands.
    one == two || normal(one).is_some_and(|one| normal(two) == Some(one))
}

/// Whether the URL's path names what stands at `path` behind the prefix. The prefix is looked for once dot segments are
/// resolved, since `/v1/../a` is not behind `/v1`.
pub(super) fn is_behind(prefix: &str, url: &str, path: &str) -> bool {
    if prefix.is_empty() {
        return is_same(url, path);
    }
    // What clients send in earnest is equal as it stands, here too.
    if url.strip_prefix(prefix) == Some(path) {
        return true;
    }
    let rest = |url: &str| Some(normal(url)?.strip_prefix(&*normal(prefix)?)?.to_owned());
    rest(url).is_some_and(|rest| is_same(&rest, path))
}

/// The path in its normal form; `None` if it is none.
fn normal(path: &str) -> Option<String> {
    if path.is_empty() {
        return Some("/".to_owned());
    }
    let decoded = decode_unreserved(path)?;
    // RFC 3986 §5.2.4, for a path that begins with a slash.
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = decoded.strip_prefix('/')?.split('/').peekable();
    while let Some(segment) = segments.next() {
        let dots = matches!(segment, "." | "..");
        if segment == ".." {
            kept.pop();
        }
        if !dots {
            kept.push(segment);
        } else if segments.peek().is_none() {
            kept.push("");
        }
    }
    Some(format!("/{}", kept.join("/")))
}

/// RFC 3986 §6.2.2.1 and §6.2.2.2.
fn decode_unreserved(path: &str) -> Option<String> {
    let mut normal = String::with_capacity(path.len());
    let mut octets = path.bytes();
    while let Some(octet) = octets.next() {
        if !octet.is_ascii_graphic() {
            return None;
        }
        if octet != b'%' {
            normal.push(char::from(octet));
            continue;
        }
        let mut digit = || char::from(octets.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (high, low) = (digit()?, digit()?);
        let decoded = high << 4 | low;
        if decoded.is_ascii_alphanumeric() || b"-._~".contains(&decoded) {
            normal.push(char::from(decoded));
        } else {
            normal.push('%');
            for digit in [high, low] {
                normal.push(char::from_digit(digit.into(), 16)?.to_ascii_uppercase());
            }
        }
    }
    Some(normal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(one: &str, two: &str, same: bool) {
        assert_eq!((is_same(one, two), is_same(two, one)), (same, same), "{one} {two}");
    }

    /// A6.7, RFC 3986 §6.2.2.
    #[test]
    fn paths_are_the_same_if_they_are_so_by_syntax() {
        for (one, two) in [
            ("/a/b", "/a/b"),
            ("", "/"),
            ("/%7euser", "/~user"),
            ("/%41%2d%2E%5f", "/A-._"),
            ("/a%2fb", "/a%2Fb"),
            ("/a/./b", "/a/b"),
            ("/a/x/../b", "/a/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/../../a", "/a"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/..", "/"),
            ("/a//../b", "/a/b"),
        ] {
            check(one, two, true);
        }
    }

    /// A6.7: what RFC 3986 tells apart stays apart.
    #[test]
    fn paths_that_differ_by_more_than_syntax_differ() {
        for (one, two) in [
            ("/a", "/A"),
            ("/a", "/a/"),
            ("/a%2fb", "/a/b"),
            ("/a%2e%2e%2fb", "/a/b"),
            ("/a//b", "/a/b"),
            ("/a%252fb", "/a%2fb"),
            ("/a;x", "/a"),
            ("/a%zz", "/a"),
            ("/a%", "/a"),
            ("/a%2", "/a"),
            ("a", "/a"),
            ("*", "/"),
            ("/é", "/%C3%A9"),
            ("/a b", "/a%20b"),
        ] {
            check(one, two, false);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_a_normal_form_is_its_own(path in "[/.%a-fA-F0-9~é ]{0,24}") {
            if let Some(form) = normal(&path) {
                prop_assert_eq!(normal(&form), Some(form.clone()));
                prop_assert!(is_same(&path, &form));
            }
        }
    }
}
