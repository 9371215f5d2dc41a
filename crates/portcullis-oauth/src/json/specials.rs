//! Where strings may end: found for many octets in one go.

use portcullis_core::octets::{self, BLOCK};

/// Quotation marks, backslashes and control characters of one block of a text.
pub(super) struct Specials {
    /// Where the block begins.
    start: usize,
    /// A bit for each of its octets, the first one the least.
    bits: u64,
}

impl Specials {
    /// Of no block yet.
    pub(super) const NONE: Self = Self { start: usize::MAX, bits: 0 };

    /// Where the next one stands from that place on, or the end of the text.
    #[inline(always)]
    pub(super) fn next(&mut self, text: &[u8], from: usize) -> usize {
        let within = from % BLOCK;
        if self.start != from - within {
            self.look_at(text, from - within);
        }
        match self.bits >> within {
            0 => self.next_beyond(text),
            bits => from + bits.trailing_zeros() as usize,
        }
    }

    /// The first one after this block.
    #[inline(never)]
    fn next_beyond(&mut self, text: &[u8]) -> usize {
        loop {
            self.look_at(text, self.start + BLOCK);
            if self.bits != 0 {
                return self.start + self.bits.trailing_zeros() as usize;
            }
        }
    }

    /// What comes after the end counts as special, so that each search ends there.
    #[inline(never)]
    fn look_at(&mut self, text: &[u8], start: usize) {
        let rest = text.get(start..).unwrap_or_default();
        (self.start, self.bits) = (start, octets::bits(rest, b'"', is_special));
    }
}

/// With this bit turned, quotation marks come right after the control characters, and nothing else does.
fn is_special(octet: u8) -> bool {
    (octet ^ 2 < 0x21) | (octet == b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotation_marks_backslashes_and_control_characters_are_special() {
        for octet in 0..=u8::MAX {
            assert_eq!(is_special(octet), matches!(octet, ..0x20 | b'"' | b'\\'), "{octet}");
        }
    }

    proptest! {
        #[test]
        fn the_next_one_is_that_which_a_search_finds(
            text in "([a-c]{0,70}[\"\\\\\u{0}-\u{1f}é]){0,6}[a-c]{0,70}",
            starts in proptest::collection::vec(any::<prop::sample::Index>(), 8),
        ) {
            let (text, mut specials) = (text.as_bytes(), Specials::NONE);
            for start in starts.iter().map(|start| start.index(text.len() + 1)) {
                let found = text[start..].iter().position(|octet| is_special(*octet));
                let expected = found.map_or(text.len(), |found| start + found);
                prop_assert_eq!(specials.next(text, start), expected);
            }
        }
    }
}
