//! base64url without padding, in its one canonical form (RFC 7515 §2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes; `None` for padding, whitespace, other alphabets and non-zero trailing bits.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decodes into a buffer of the caller's and returns the part that was filled; `None` also if it is too small.
pub(crate) fn decode_into<'a>(text: &[u8], buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = URL_SAFE_NO_PAD.decode_slice(text, buffer).ok()?;
    buffer.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A2.2, RFC 7515 §2.
    #[test]
    fn only_the_canonical_form_is_decoded() {
        assert_eq!(decode(b"AQAB").as_deref(), Some(&[1, 0, 1][..]));
        assert_eq!(decode(b"").as_deref(), Some(&[][..]));
        for bad in ["AQ==", "AQ=", "AQ A", "AQ\n", "A+/_", "AR", "AQB", "A", "\u{c3}\u{a9}"] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad:?}");
            assert_eq!(decode_into(bad.as_bytes(), &mut [0; 16]), None, "{bad:?}");
        }
        assert_eq!(decode_into(b"AQAB", &mut [0; 3]), Some(&[1, 0, 1][..]));
        assert_eq!(decode_into(b"AQAB", &mut [0; 2]), None);
    }
}
