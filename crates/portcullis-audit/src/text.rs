//! Bounded copies of what a client sent.

use std::fmt;

use portcullis_core::escape::Escaped;
use smallvec::{Array, SmallVec};

/// A copy of at most so many octets, kept without an allocation while it is short.
///
/// It is a copy and not a slice of what was received, because such a slice would keep the whole request head,
/// credentials included, in memory for as long as the event waits.
#[derive(Clone)]
pub(crate) struct Text<A: Array<Item = u8>> {
    octets: SmallVec<A>,
    truncated: bool,
}

impl<A: Array<Item = u8>> Text<A> {
    pub(crate) fn bounded(text: &str, limit: usize) -> Self {
        let mut end = limit.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let kept = text.get(..end).unwrap_or_default();
        Self { octets: SmallVec::from_slice(kept.as_bytes()), truncated: kept.len() < text.len() }
    }

    pub(crate) fn as_str(&self) -> &str {
        // INVARIANT: the octets were copied from a str, up to the boundary of a character.
        std::str::from_utf8(&self.octets).unwrap_or_default()
    }
}

/// Escaped, and with `…` if something was cut off.
impl<A: Array<Item = u8>> fmt::Display for Text<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped::new(self.as_str()).with_limit(usize::MAX).fmt(f)?;
        if self.truncated { f.write_str("…") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, limit: usize, printed: &str) {
        assert_eq!(Text::<[u8; 8]>::bounded(text, limit).to_string(), printed);
    }

    #[test]
    fn keeps_text_up_to_the_limit_and_marks_a_cut() {
        check("", 4, "");
        check("abcd", 4, "abcd");
        check("abcde", 4, "abcd…");
        check("abcdefghijkl", 12, "abcdefghijkl");
        check("a\nb", 4, r"a\u{a}b");
    }

    #[test]
    fn cuts_between_characters() {
        check("aäb", 2, "a…");
        check("€", 1, "…");
        check("€", 0, "…");
    }
}
