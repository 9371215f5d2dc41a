//! Distinguished names as text (RFC 4514).

use std::fmt::Write;

use x509_parser::oid_registry::Oid;
use x509_parser::x509::X509Name;

/// Writes the name with the most specific part first (RFC 4514 §2.1), so that two different names never give the same
/// text. `None` if it is empty or has a value that is no text.
pub(super) fn to_text(name: &X509Name<'_>) -> Option<String> {
    let parts: Vec<_> = name.iter_rdn().collect();
    let mut text = String::new();
    for (index, part) in parts.into_iter().rev().enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        for (index, attribute) in part.iter().enumerate() {
            text.push_str(if index == 0 { "" } else { "+" });
            match keyword(attribute.attr_type()) {
                Some(keyword) => text.push_str(keyword),
                None => text.push_str(&attribute.attr_type().to_id_string()),
            }
            text.push('=');
            escape(attribute.as_str().ok()?, &mut text);
        }
    }
    (!text.is_empty()).then_some(text)
}

/// RFC 4514 §3, and `emailAddress` as everybody writes it.
fn keyword(attribute: &Oid<'_>) -> Option<&'static str> {
    Some(match attribute.as_bytes() {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 9] => "STREET",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "emailAddress",
        _ => return None,
    })
}

/// RFC 4514 §2.4; control characters are written as hexadecimal digits too.
fn escape(value: &str, text: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (index, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
            ' ' if index == 0 || index == last => text.push_str("\\ "),
            '#' if index == 0 => text.push_str("\\#"),
            c if c.is_control() => {
                let mut octets = [0; 4];
                for octet in c.encode_utf8(&mut octets).bytes() {
                    // INVARIANT: a String takes whatever is written.
                    let _ = write!(text, "\\{octet:02X}");
                }
            }
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(value: &str) -> String {
        let mut text = String::new();
        escape(value, &mut text);
        text
    }

    /// RFC 4514 §2.4 and its examples in §4.
    #[test]
    fn escapes_what_has_a_meaning() {
        for (value, expected) in [
            ("James \"Jim\" Smith, III", r#"James \"Jim\" Smith\, III"#),
            ("Before\rAfter", r"Before\0DAfter"),
            ("#1", r"\#1"),
            ("a#1", "a#1"),
            (" a b ", r"\ a b\ "),
            (" ", r"\ "),
            ("a+b;c<d>\\=", r"a\+b\;c\<d\>\\="),
            ("Lučić", "Lučić"),
            ("nul\0", r"nul\00"),
            ("next\u{85}line", r"next\C2\85line"),
        ] {
            assert_eq!(escaped(value), expected);
        }
    }

    proptest! {
        #[test]
        fn no_value_can_end_early_or_break_a_line(value in any::<String>()) {
            let text = escaped(&value);
            prop_assert!(!text.chars().any(char::is_control));
            let mut rest = text.chars();
            while let Some(c) = rest.next() {
                prop_assert!(!",+;<>\"".contains(c));
                if c == '\\' {
                    rest.next();
                }
            }
        }
    }
}
