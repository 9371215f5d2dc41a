//! Bounded copies of what a client sent.

use std::fmt::{self, Write};

use crate::escape::Escaped;

/// A copy of at most so many octets, kept without an allocation while it is short.
///
/// ```
/// use portcullis_core::text::Text;
///
/// let path = Text::<[u8; 8]>::bounded("/a/long\npath", 8);
/// assert_eq!((path.as_str(), path.to_string().as_str()), ("/a/long\n", "/a/long\\u{a}…"));
/// ```
///
/// It is a copy and not a slice of what was received, because such a slice would keep the whole request head,
/// credentials included, in memory for as long as the event waits.
#[derive(Clone)]
pub struct Text<A: Octets> {
    kept: Kept<A>,
    truncated: bool,
}

/// As many octets as a [`Text`] keeps without an allocation: an array of them, 65,535 at most.
pub trait Octets: Copy + AsRef<[u8]> + AsMut<[u8]> {
    /// So many zeros.
    const ZEROS: Self;
}

impl<const N: usize> Octets for [u8; N] {
    const ZEROS: Self = [0; N];
}

#[derive(Clone)]
enum Kept<A> {
    /// So many of them.
    Here(u16, A),
    Apart(Vec<u8>),
}

impl<A: Octets> Text<A> {
    /// Copies the text up to that many octets, and marks a cut.
    #[must_use]
    pub fn bounded(text: &str, limit: usize) -> Self {
        let mut copy = Self::empty();
        copy.add(text, limit);
        copy
    }

    #[inline]
    pub(crate) fn empty() -> Self {
        Self { kept: Kept::Here(0, A::ZEROS), truncated: false }
    }

    /// Copies up to that many octets to what is there, and marks a cut.
    #[inline]
    pub(crate) fn add(&mut self, text: &str, limit: usize) {
        let mut end = limit.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let more = text.get(..end).unwrap_or_default();
        self.truncated = more.len() < text.len();
        self.kept.add(more.as_bytes());
    }

    /// What something prints, of which no more than the limit is ever kept in memory.
    #[must_use]
    pub fn printed(value: impl fmt::Display, limit: usize) -> Self {
        let mut text = Printing { text: Self::empty(), limit };
        // INVARIANT: it fails only where the limit is reached, or where the value itself cannot be printed.
        let _ = write!(text, "{value}");
        text.text
    }

    /// Whether something was cut off.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The copy, as it was sent: escape what is printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // INVARIANT: the octets were copied from a str, up to the boundary of a character.
        std::str::from_utf8(self.kept.octets()).unwrap_or_default()
    }
}

impl<A: Octets> Kept<A> {
    fn octets(&self) -> &[u8] {
        match self {
            Self::Here(length, octets) => octets.as_ref().get(..usize::from(*length)).unwrap_or_default(),
            Self::Apart(octets) => octets,
        }
    }

    #[inline]
    fn add(&mut self, more: &[u8]) {
        if let Self::Here(length, octets) = self {
            let start = usize::from(*length);
            let end = start + more.len();
            if let (Some(place), Ok(end)) = (octets.as_mut().get_mut(start..end), u16::try_from(end)) {
                place.copy_from_slice(more);
                *length = end;
                return;
            }
        }
        self.add_apart(more);
    }

    /// Most texts are short.
    #[cold]
    fn add_apart(&mut self, more: &[u8]) {
        match self {
            Self::Here(..) => *self = Self::Apart([self.octets(), more].concat()),
            Self::Apart(octets) => octets.extend_from_slice(more),
        }
    }
}

/// Escaped, as it is printed.
impl<A: Octets> fmt::Debug for Text<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A text that takes what fits.
struct Printing<A: Octets> {
    text: Text<A>,
    limit: usize,
}

impl<A: Octets> Write for Printing<A> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.limit.saturating_sub(self.text.kept.octets().len());
        self.text.add(text, room);
        if self.text.truncated { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Escaped, and with `…` if something was cut off.
impl<A: Octets> fmt::Display for Text<A> {
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
    fn keeps_what_is_longer_than_there_is_room_at_hand() {
        check("12345678", 20, "12345678");
        check("123456789", 20, "123456789");
        let pieces = Text::<[u8; 8]>::printed(format_args!("{}{}{}", "12345", "6789", "abcdef"), 12);
        assert_eq!((pieces.to_string().as_str(), pieces.is_truncated()), ("123456789abc…", true));
    }

    #[test]
    fn prints_no_more_than_the_limit() {
        let printed = |value: &dyn fmt::Display, limit| Text::<[u8; 8]>::printed(value, limit).to_string();
        assert_eq!(printed(&format_args!("{}-{}", 12, "ä"), 5), "12-ä");
        assert_eq!(printed(&format_args!("{}-{}", 12, "ä"), 4), "12-…");
        assert_eq!(printed(&format_args!("{}-{}", 12, "ä"), 3), "12-…");
        assert_eq!(printed(&"", 0), "");
    }

    #[test]
    fn cuts_between_characters() {
        check("aäb", 2, "a…");
        check("€", 1, "…");
        check("€", 0, "…");
    }
}
