//! Text from the wire, made safe to print.

use std::fmt;

/// Prints untrusted text so that it stays on one line and cannot steer a terminal or a log reader.
///
/// Control characters, line separators, direction marks and other invisible characters are written as
/// `\u{..}`; a backslash is doubled. At most `limit` characters of the input are printed, then `…`.
///
/// ```
/// use portcullis_core::escape::Escaped;
///
/// assert_eq!(Escaped::new("a\r\nb").to_string(), r"a\u{d}\u{a}b");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a> {
    text: &'a str,
    limit: usize,
}

/// How many characters of an untrusted text are printed, unless said otherwise.
pub const DEFAULT_LIMIT: usize = 256;

impl<'a> Escaped<'a> {
    /// Prints up to [`DEFAULT_LIMIT`] characters.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, limit: DEFAULT_LIMIT }
    }

    /// Prints up to this many characters.
    #[must_use]
    pub const fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

/// What needs no escape, which is most, is written at once: this is what a line of the audit is made of.
impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.len() <= self.limit
            && self.text.bytes().all(|octet| matches!(octet, b' '..=b'[' | b']'..=b'~'))
        {
            return f.write_str(self.text);
        }
        let (mut characters, mut written) = (self.text.char_indices(), 0);
        for (at, c) in characters.by_ref().take(self.limit) {
            if c != '\\' && !is_unprintable(c) {
                continue;
            }
            f.write_str(self.text.get(written..at).unwrap_or_default())?;
            if c == '\\' {
                f.write_str("\\\\")?
            } else {
                write!(f, "\\u{{{:x}}}", u32::from(c))?
            }
            written = at + c.len_utf8();
        }
        f.write_str(self.text.get(written..characters.offset()).unwrap_or_default())?;
        if characters.next().is_some() { f.write_str("…") } else { Ok(()) }
    }
}

/// Characters that are invisible, end a line, or change the direction or meaning of what follows.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, limit: usize, expected: &str) {
        assert_eq!(Escaped::new(text).with_limit(limit).to_string(), expected, "{text:?}, {limit}");
    }

    #[test]
    fn what_is_invisible_is_written_out_and_the_rest_as_it_is() {
        check("", 3, "");
        check("abc ~!", 6, "abc ~!");
        check("abcd", 3, "abc…");
        check(r"a\b", 9, r"a\\b");
        check("a\u{202e}b\u{7f}", 9, r"a\u{202e}b\u{7f}");
        check("äöü€", 4, "äöü€");
        check("äöü€", 3, "äöü…");
        check("ä\nö\n", 3, r"ä\u{a}ö…");
        check("\n\n", 0, "…");
    }

    proptest! {
        /// As it would be written one character after the other.
        #[test]
        fn runs_of_characters_are_written_as_each_of_them_would_be(text in ".{0,40}|[\\x00-\\xff]{0,40}", limit in 0_usize..40) {
            let mut expected = String::new();
            for c in text.chars().take(limit) {
                match c {
                    '\\' => expected.push_str("\\\\"),
                    c if is_unprintable(c) => expected.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
                    c => expected.push(c),
                }
            }
            if text.chars().count() > limit {
                expected.push('…');
            }
            prop_assert_eq!(Escaped::new(&text).with_limit(limit).to_string(), expected);
        }
    }
}
