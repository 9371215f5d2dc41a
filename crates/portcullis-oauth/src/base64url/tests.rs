use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

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

/// RFC 4648 §5: a wrong octet is found wherever it stands, in a block, after the blocks, and at the end.
#[test]
fn every_octet_outside_the_alphabet_is_refused_at_every_place() {
    for length in [2, 3, 4, 6, 7, 16, 18, 19, 20, 22, 23, 32, 39] {
        for place in 0..length {
            for octet in 0..=u8::MAX {
                let mut text = vec![b'A'; length];
                text[place] = octet;
                assert_eq!(
                    decode(&text),
                    URL_SAFE_NO_PAD.decode(&text).ok(),
                    "{octet} at {place} of {length}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn texts_are_decoded_as_by_another_reader(text in "[a-zA-Z0-9_-]{0,90}[a-zA-Z0-9_=+/ -]{0,2}") {
        prop_assert_eq!(decode(text.as_bytes()), URL_SAFE_NO_PAD.decode(&text).ok());
    }

    #[test]
    fn what_was_encoded_is_decoded(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = URL_SAFE_NO_PAD.encode(&octets);
        prop_assert_eq!(decode(text.as_bytes()), Some(octets.clone()));
        let mut buffer = [0; 256];
        prop_assert_eq!(decode_into(text.as_bytes(), &mut buffer), Some(&octets[..]));
    }

    #[test]
    fn no_octets_make_the_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
        prop_assert_eq!(decode(&octets), URL_SAFE_NO_PAD.decode(&octets).ok());
    }
}
