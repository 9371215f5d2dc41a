//! Octets of credentials, looked at many at a time.

use std::fmt;

/// How many of the octets the predicate picks.
///
/// If the predicate has no branches, as those of this module, the compiler looks at sixteen octets or more in one
/// go: tokens are long, and every request brings one.
///
/// ```
/// use portcullis_core::octets::{count, is_base64url};
///
/// let token = b"eyJhbGciOiJFUzI1NiJ9.e30.c2ln";
/// assert_eq!(count(token, |octet| octet == b'.'), 2);
/// assert_eq!(count(token, is_base64url), token.len() - 2);
/// ```
#[must_use]
pub fn count(octets: &[u8], is: impl Fn(u8) -> bool) -> usize {
    // Sums of one octet are the narrowest that there are, and none of so many overflows.
    let sum = |chunk: &[u8]| chunk.iter().fold(0_u8, |sum, octet| sum.wrapping_add(u8::from(is(*octet))));
    octets.chunks(CHUNK).map(|chunk| usize::from(sum(chunk))).sum()
}

/// So many octets have a bit each in one word.
pub const BLOCK: usize = 64;

/// A bit for each of the first 64 octets that the predicate picks, the first octet the least bit. What is missing to so
/// many counts as the octet `fill`.
///
/// As in [`count`], sixteen octets or more are looked at in one go. Whoever looks for something that comes often, such as
/// the ends of short texts, does not search from each place anew.
///
/// ```
/// use portcullis_core::octets::bits;
///
/// assert_eq!(bits(b".abcd.", b'a', |octet| octet == b'.'), 0b10_0001);
/// assert_eq!(bits(b"abc", b'.', |octet| octet == b'.').trailing_zeros(), 3);
/// ```
#[must_use]
#[inline]
pub fn bits(octets: &[u8], fill: u8, is: impl Fn(u8) -> bool) -> u64 {
    if let Some(block) = octets.first_chunk() {
        return bits_of(block, is);
    }
    let mut block = [fill; BLOCK];
    if let Some(beginning) = block.get_mut(..octets.len()) {
        beginning.copy_from_slice(octets);
    }
    bits_of(&block, is)
}

#[inline]
fn bits_of(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    let mut marks = [0; BLOCK];
    for ((mark, octet), place) in marks.iter_mut().zip(block).zip(PLACES.as_flattened()) {
        *mark = if is(*octet) { *place } else { 0 };
    }
    // The last octet of the product is the sum of all eight.
    let sum = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(u64::MAX / 0xff) >> 56;
    marks.as_chunks().0.iter().zip(0..).map(|(eight, number)| sum(eight) << (8 * number)).sum()
}

/// The bit of each octet of a block among those of its eight.
static PLACES: [[u8; 8]; BLOCK / 8] = [[1, 2, 4, 8, 16, 32, 64, 128]; BLOCK / 8];

/// A whole number of the widest registers.
const CHUNK: usize = 192;

/// So many blocks of sixteen octets that no sum of one octet overflows, nor with one block more.
const LONG_CHUNK: usize = 240 * 16;

/// The sum of all of them, four in each word at once.
fn total(sums: [u8; 16]) -> usize {
    const EVERY_OTHER: u64 = u64::MAX / 0xffff * 0xff;
    let in_twos = |eight: &[u8; 8]| {
        let word = u64::from_le_bytes(*eight);
        (word & EVERY_OTHER) + (word >> 8 & EVERY_OTHER)
    };
    let in_fours: u64 = sums.as_chunks().0.iter().map(in_twos).sum();
    // The last two octets of the product are the sum of all four.
    (in_fours.wrapping_mul(u64::MAX / 0xffff) >> 48) as usize
}

/// The text of a token, and how many of its octets are dots and base64url: counted once, for everyone who asks. Its
/// `Debug` prints no text.
///
/// ```
/// use portcullis_core::octets::Counted;
///
/// let token = Counted::new("eyJhbGciOiJFUzI1NiJ9.e30.c2ln");
/// assert_eq!((token.dots(), token.base64url(), token.others()), (2, 27, 0));
/// assert_eq!(Counted::new("YTpi==").others(), 2);
/// ```
#[derive(Clone, Copy)]
pub struct Counted<'t> {
    text: &'t str,
    dots: usize,
    base64url: usize,
}

impl<'t> Counted<'t> {
    /// Counts the octets of the text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let (mut dots, mut base64url) = (0, 0);
        for chunk in text.as_bytes().chunks(LONG_CHUNK) {
            let (blocks, rest) = chunk.as_chunks::<16>();
            // Both in one go, and as in `count` in sums that do not overflow: one for each place.
            let (mut dot_sums, mut base64url_sums) = ([0_u8; 16], [0_u8; 16]);
            let mut add = |block: &[u8; 16]| {
                let sums = dot_sums.iter_mut().zip(&mut base64url_sums);
                for (octet, (dots, base64url)) in block.iter().zip(sums) {
                    *dots = dots.wrapping_add(u8::from(*octet == b'.'));
                    *base64url = base64url.wrapping_add(u8::from(is_base64url(*octet)));
                }
            };
            blocks.iter().for_each(&mut add);
            // The rest as a block of its own, filled up with what is neither.
            let mut last = [0; 16];
            if let Some(beginning) = last.get_mut(..rest.len()) {
                beginning.copy_from_slice(rest);
            }
            add(&last);
            dots += total(dot_sums);
            base64url += total(base64url_sums);
        }
        Self { text, dots, base64url }
    }

    /// The text itself. Whoever calls this keeps it out of logs and errors.
    #[must_use]
    pub fn expose(&self) -> &'t str {
        self.text
    }

    /// How many octets are dots.
    #[must_use]
    pub fn dots(&self) -> usize {
        self.dots
    }

    /// How many octets stand for six bits in base64url (RFC 4648 §5).
    #[must_use]
    pub fn base64url(&self) -> usize {
        self.base64url
    }

    /// How many octets are neither.
    #[must_use]
    pub fn others(&self) -> usize {
        self.text.len() - self.dots - self.base64url
    }
}

impl fmt::Debug for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counted")
            .field("dots", &self.dots)
            .field("base64url", &self.base64url)
            .field("others", &self.others())
            .finish_non_exhaustive()
    }
}

/// Whether both are the same octets. For eight to sixteen, as most names have, that is two comparisons, and no call of a
/// function that is made for more.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    match (ends(one), ends(other)) {
        (Some(ends), Some(others)) if one.len() <= 16 => one.len() == other.len() && ends == others,
        _ => one == other,
    }
}

/// The first and the last eight octets; `None` if there are fewer.
#[inline]
fn ends(octets: &[u8]) -> Option<(&[u8; 8], &[u8; 8])> {
    Some((octets.first_chunk()?, octets.last_chunk()?))
}

/// Whether it is an ASCII letter or digit.
#[must_use]
pub const fn is_alphanumeric(octet: u8) -> bool {
    // The bit by which lower case differs from upper case is set.
    (octet.wrapping_sub(b'0') < 10) | ((octet | 0x20).wrapping_sub(b'a') < 26)
}

/// Whether it is printable ASCII, a space or a tab.
#[must_use]
pub const fn is_visible(octet: u8) -> bool {
    (octet.wrapping_sub(b' ') < 0x5f) | (octet == b'\t')
}

/// Whether it stands for six bits in base64url (RFC 4648 §5).
#[must_use]
pub const fn is_base64url(octet: u8) -> bool {
    is_alphanumeric(octet) | (octet == b'-') | (octet == b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_classes_are_those_of_ascii() {
        for octet in 0..=u8::MAX {
            assert_eq!(is_alphanumeric(octet), octet.is_ascii_alphanumeric(), "{octet}");
            let listed = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".contains(&octet);
            assert_eq!(is_base64url(octet), listed, "{octet}");
            assert_eq!(is_visible(octet), matches!(octet, b' '..=b'~' | b'\t'), "{octet}");
        }
    }

    #[test]
    fn counts_beyond_what_one_octet_holds() {
        assert_eq!(count(&[], |_| true), 0);
        for length in [1, 191, 192, 193, 255, 256, 384, 100_000] {
            assert_eq!(count(&vec![b'.'; length], |octet| octet == b'.'), length);
        }
    }

    #[test]
    fn each_octet_of_a_block_has_its_bit() {
        for octet in 0..=u8::MAX {
            for place in 0..BLOCK {
                let mut block = [b'a'; BLOCK];
                block[place] = octet;
                let below = bits(&block, 0, |octet| octet < b'a');
                assert_eq!(below, u64::from(octet < b'a') << place, "{octet} at {place}");
            }
        }
    }

    #[test]
    fn a_block_is_cut_off_or_filled_up() {
        for length in [0, 1, 63, 64, 65, 100] {
            let picked = bits(&vec![b'a'; length], b'.', |octet| octet == b'a');
            assert_eq!(picked.count_ones() as usize, length.min(BLOCK));
            assert_eq!(picked.trailing_ones() as usize, length.min(BLOCK));
        }
    }

    #[test]
    fn octets_are_the_same_if_each_is() {
        for length in 0..=40 {
            let one = vec![b'a'; length];
            assert!(same(&one, &one.clone()), "{length}");
            assert!(!same(&one, &vec![b'a'; length + 1]) && !same(&vec![b'a'; length + 1], &one), "{length}");
            for at in 0..length {
                let mut other = one.clone();
                other[at] = b'b';
                assert!(!same(&one, &other), "{length}, {at}");
            }
        }
    }

    #[test]
    fn a_counted_token_is_not_printed() {
        let printed = format!("{:?}", Counted::new("sec.ret="));
        assert_eq!(printed, "Counted { dots: 1, base64url: 6, others: 1, .. }");
    }

    proptest! {
        #[test]
        fn dots_and_base64url_are_counted_as_each_alone(text in "[a-c.~=_é -]{0,600}") {
            let counted = Counted::new(&text);
            prop_assert_eq!(counted.dots(), count(text.as_bytes(), |octet| octet == b'.'));
            prop_assert_eq!(counted.base64url(), count(text.as_bytes(), is_base64url));
            prop_assert_eq!(counted.dots() + counted.base64url() + counted.others(), text.len());
        }

        #[test]
        fn counts_as_a_filter_does(octets in proptest::collection::vec(any::<u8>(), 0..1024)) {
            let plain = octets.iter().filter(|octet| octet.is_ascii_alphanumeric()).count();
            prop_assert_eq!(count(&octets, is_alphanumeric), plain);
        }
    }
}
