//! Where strings may end: found for many octets in one go.

/// So many octets are looked at together, one bit for each.
pub(super) const BLOCK: usize = 64;

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
        self.start = start;
        self.bits = match rest.first_chunk() {
            Some(block) => bits_of(block),
            None => {
                let mut block = [b'"'; BLOCK];
                if let Some(beginning) = block.get_mut(..rest.len()) {
                    beginning.copy_from_slice(rest);
                }
                bits_of(&block)
            }
        };
    }
}

/// The bit of each octet of a block among those of its eight.
static PLACES: [[u8; 8]; BLOCK / 8] = [[1, 2, 4, 8, 16, 32, 64, 128]; BLOCK / 8];

/// Without branches, so that the compiler looks at sixteen octets at once.
fn bits_of(block: &[u8; BLOCK]) -> u64 {
    let mut marks = [0; BLOCK];
    for ((mark, octet), place) in marks.iter_mut().zip(block).zip(PLACES.as_flattened()) {
        // With this bit turned, quotation marks come right after the control characters, and nothing else does.
        let special = (*octet ^ 2 < 0x21) | (*octet == b'\\');
        *mark = if special { *place } else { 0 };
    }
    // The last octet of the product is the sum of all eight.
    let sum = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(u64::MAX / 0xff) >> 56;
    marks.as_chunks().0.iter().zip(0..).map(|(eight, number)| sum(eight) << (8 * number)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_special(octet: u8) -> bool {
        matches!(octet, ..0x20 | b'"' | b'\\')
    }

    #[test]
    fn each_octet_is_special_or_not_at_each_place() {
        for octet in 0..=u8::MAX {
            for place in 0..BLOCK {
                let mut block = [b' '; BLOCK];
                block[place] = octet;
                assert_eq!(bits_of(&block), u64::from(is_special(octet)) << place, "{octet} at {place}");
            }
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
