//! Octets of credentials, looked at many at a time.

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

/// A whole number of the widest registers.
const CHUNK: usize = 192;

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

    proptest! {
        #[test]
        fn counts_as_a_filter_does(octets in proptest::collection::vec(any::<u8>(), 0..1024)) {
            let plain = octets.iter().filter(|octet| octet.is_ascii_alphanumeric()).count();
            prop_assert_eq!(count(&octets, is_alphanumeric), plain);
        }
    }
}
