//! Challenges with text of strangers in their parameters: an error description may quote a token.

use portcullis::core::challenge::{BearerError, Challenge};

pub fn run(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let (realm, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let value =
        Challenge::bearer(realm).error(BearerError::InvalidToken).error_description(rest).to_header_value();
    let value = value.to_str().unwrap();
    // RFC 6750 §3: printable ASCII, and as many quotes as three parameters have.
    assert!(value.bytes().all(|octet| (0x20..0x7f).contains(&octet)), "{value}");
    assert_eq!(value.matches('"').count() % 2, 0, "{value}");
    assert!(value.starts_with("Bearer ") && value.contains(r#"error="invalid_token""#), "{value}");
}
