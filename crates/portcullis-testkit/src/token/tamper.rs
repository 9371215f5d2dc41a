//! What an attacker does to a finished token.
//!
//! ```
//! use portcullis_testkit::{TestIssuer, tamper};
//!
//! let issuer = TestIssuer::offline("https://issuer.example");
//! let token = issuer.token("alice").sign();
//! let edited = tamper::with_claim(&token, "sub", "admin");
//! assert_eq!(tamper::claims_of(&edited)["sub"], "admin");
//! assert!(tamper::without_signature(&token).ends_with('.'));
//! ```

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::must::must;

/// The header of a token. A token that has none ends the test.
#[must_use]
#[track_caller]
pub fn header_of(token: &str) -> Value {
    json_part(token, 0)
}

/// The claims of a token. A token that has none ends the test.
#[must_use]
#[track_caller]
pub fn claims_of(token: &str) -> Value {
    json_part(token, 1)
}

/// The octets of a token's signature.
#[must_use]
#[track_caller]
pub fn signature_of(token: &str) -> Vec<u8> {
    must(BASE64_URL_SAFE_NO_PAD.decode(part(token, 2)), "the signature is no base64url")
}

/// The token with a claim edited after signing.
#[must_use]
#[track_caller]
pub fn with_claim(token: &str, name: &str, value: impl Into<Value>) -> String {
    let mut claims = claims_of(token);
    if let Value::Object(members) = &mut claims {
        members.insert(name.to_owned(), value.into());
    }
    with_part(token, 1, &encode(claims.to_string()))
}

/// The token with a header parameter edited after signing.
#[must_use]
#[track_caller]
pub fn with_header(token: &str, name: &str, value: impl Into<Value>) -> String {
    let mut header = header_of(token);
    if let Value::Object(members) = &mut header {
        members.insert(name.to_owned(), value.into());
    }
    with_part(token, 0, &encode(header.to_string()))
}

/// The token with these octets for a signature.
#[must_use]
#[track_caller]
pub fn with_signature(token: &str, signature: impl AsRef<[u8]>) -> String {
    with_part(token, 2, &encode(signature))
}

/// The token with nothing after the last dot.
#[must_use]
#[track_caller]
pub fn without_signature(token: &str) -> String {
    with_part(token, 2, "")
}

/// The token with the signature of another.
#[must_use]
#[track_caller]
pub fn with_signature_of(token: &str, other: &str) -> String {
    with_part(token, 2, part(other, 2))
}

/// The token with the text of one of its three parts replaced; 0 is the header, 2 the signature.
#[must_use]
#[track_caller]
pub fn with_part(token: &str, index: usize, text: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    *must(parts.get_mut(index).ok_or(index), "the token has no such part") = text;
    parts.join(".")
}

/// The text of one of the parts of a token; 0 is the header, 2 the signature.
#[must_use]
#[track_caller]
pub fn part(token: &str, index: usize) -> &str {
    must(token.split('.').nth(index).ok_or(index), "the token has no such part")
}

/// The token with bits set that base64url does not use in the last character of its signature: another text
/// for the same octets (RFC 4648 §3.5). `None` if its last character uses all of its bits.
#[must_use]
pub fn with_trailing_bits(token: &str) -> Option<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let signature = token.rsplit('.').next()?;
    if signature.len() % 4 < 2 {
        return None;
    }
    let (head, last) = token.split_at_checked(token.len() - 1)?;
    let value = ALPHABET.iter().position(|octet| [*octet] == last.as_bytes())?;
    let other = char::from(*ALPHABET.get(value | 1)?);
    Some(format!("{head}{other}"))
}

#[track_caller]
fn json_part(token: &str, index: usize) -> Value {
    let octets = must(BASE64_URL_SAFE_NO_PAD.decode(part(token, index)), "the part is no base64url");
    must(serde_json::from_slice(&octets), "the part is no JSON")
}

fn encode(octets: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}
