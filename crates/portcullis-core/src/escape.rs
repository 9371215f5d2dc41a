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

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        let mut characters = self.text.chars();
        for c in characters.by_ref().take(self.limit) {
            if c == '\\' {
                f.write_str("\\\\")?;
            } else if is_unprintable(c) {
                write!(f, "\\u{{{:x}}}", u32::from(c))?;
            } else {
                f.write_char(c)?;
            }
        }
        if characters.next().is_some() { f.write_char('…') } else { Ok(()) }
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
