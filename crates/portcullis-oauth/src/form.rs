//! `application/x-www-form-urlencoded`, as the URL standard has it (§5) and RFC 6749 appendix B asks for.

#[cfg(feature = "logout")]
use std::borrow::Cow;
#[cfg(feature = "introspection")]
use std::fmt::Write as _;

/// The media type.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Adds a parameter to a form.
#[cfg(feature = "introspection")]
pub(crate) fn push(form: &mut String, name: &str, value: &str) {
    if !form.is_empty() {
        form.push('&');
    }
    encode(form, name);
    form.push('=');
    encode(form, value);
}

/// Writes the text so that it can stand in a form.
#[cfg(feature = "introspection")]
pub(crate) fn encode(form: &mut String, text: &str) {
    for octet in text.bytes() {
        match octet {
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                form.push(char::from(octet));
            }
            b' ' => form.push('+'),
            // Writing to a `String` cannot fail.
            _ => _ = write!(form, "%{octet:02X}"),
        }
    }
}

/// The value of the one parameter of that name in a form; others are passed over.
///
/// `None` if there is none, if there are two, or if name or value of any parameter is not well-formed: a percent sign
/// without two hexadecimal digits, octets that are no UTF-8.
#[cfg(feature = "logout")]
pub(crate) fn only<'f>(form: &'f [u8], name: &str) -> Option<Cow<'f, str>> {
    let form = std::str::from_utf8(form).ok()?;
    let mut found = None;
    for parameter in form.split('&').filter(|parameter| !parameter.is_empty()) {
        let (own, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = decode(value)?;
        if decode(own)? == name && found.replace(value).is_some() {
            return None;
        }
    }
    found
}

#[cfg(feature = "logout")]
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let mut octets = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(octet) = octets.next() {
        decoded.push(match octet {
            b'+' => b' ',
            b'%' => hex(octets.next()?)? << 4 | hex(octets.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

#[cfg(feature = "logout")]
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(all(test, feature = "introspection", feature = "logout"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 6749 appendix B.
    #[test]
    fn writes_the_example_of_the_standard() {
        let mut form = String::new();
        encode(&mut form, " %&+£€");
        assert_eq!(form, "+%25%26%2B%C2%A3%E2%82%AC");
    }

    #[test]
    fn reads_the_one_parameter_among_others() {
        for (form, value) in [
            ("a=1", Some("1")),
            ("b=2&a=1&c", Some("1")),
            ("%61=%31+%2b", Some("1 +")),
            ("a", Some("")),
            ("&&a=1=2&", Some("1=2")),
            ("", None),
            ("A=1", None),
            ("a=1&a=1", None),
            ("a=1&%61=2", None),
            ("a=%", None),
            ("a=%4", None),
            ("a=%4g", None),
            ("a=%+1", None),
            ("a=%ff", None),
            ("a=1&b=%", None),
            ("a=1&%=b", None),
        ] {
            assert_eq!(only(form.as_bytes(), "a").as_deref(), value, "{form}");
        }
        assert_eq!(only(b"a=\xff", "a"), None);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(name in ".{1,20}", value in ".{0,40}") {
            let mut form = String::new();
            push(&mut form, "\u{1f511}", &name);
            push(&mut form, &name, &value);
            let expected = (name != "\u{1f511}").then_some(value.as_str());
            let read = only(form.as_bytes(), &name);
            prop_assert_eq!(read.as_deref(), expected);
        }

        #[test]
        fn no_octets_make_the_reader_panic(form in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = only(&form, "a");
        }
    }
}
