//! The outer form of a token: size, alphabet, number of parts.

use portcullis_core::octets::Counted;
use portcullis_core::{Denial, Reason};

use crate::token::refusal::{malformed, refuse};

/// The longest token that is looked at, in octets, unless said otherwise: 16 KiB.
pub const DEFAULT_MAX_TOKEN_OCTETS: usize = 16 * 1024;

/// The three parts of the compact serialisation (RFC 7515 §3.1), still encoded.
#[derive(Clone, Copy)]
pub(crate) struct Compact<'t> {
    /// The whole of it, as it came.
    pub(crate) token: &'t str,
    pub(crate) header: &'t str,
    pub(crate) payload: &'t str,
    pub(crate) signature: &'t str,
    /// What the signature is computed over: the octets as they were received (RFC 7515 §5.2).
    pub(crate) signed: &'t str,
}

impl<'t> Compact<'t> {
    /// Takes a token apart. The length is looked at first, so that a long token costs nothing.
    pub(crate) fn read(token: &'t str, limit: usize) -> Result<Self, Denial> {
        check_length(token, limit)?;
        Self::divide(Counted::new(token))
    }

    /// The same with a token whose octets were counted when it arrived.
    pub(crate) fn read_counted(token: Counted<'t>, limit: usize) -> Result<Self, Denial> {
        check_length(token.expose(), limit)?;
        Self::divide(token)
    }

    fn divide(counted: Counted<'t>) -> Result<Self, Denial> {
        // draft-ietf-oauth-rfc8725bis §3.14.
        match (counted.others(), counted.dots()) {
            (0, 2) => {}
            (0, 4) => return Err(refuse(Reason::TokenEncrypted, "encrypted tokens are not taken")),
            (0, _) => return Err(malformed("the token does not have three parts")),
            _ => return Err(malformed("the token has characters outside base64url")),
        }
        let token = counted.expose();
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, payload) = signed.split_once('.')?;
            Some(Self { token, header, payload, signature, signed })
        });
        parts.ok_or_else(|| malformed("the token does not have three parts"))
    }
}

fn check_length(token: &str, limit: usize) -> Result<(), Denial> {
    if token.len() > limit {
        return Err(refuse(Reason::TokenTooLarge, "the token is longer than the limit"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(token: &str, expected: Result<[&str; 4], Reason>) {
        let read = |compact: Result<Compact<'_>, Denial>| {
            compact
                .map(|parts| [parts.header, parts.payload, parts.signature, parts.signed].map(str::to_owned))
        };
        let counted = read(Compact::read_counted(Counted::new(token), 32)).map_err(|denial| denial.reason());
        assert_eq!(counted, expected.map(|parts| parts.map(str::to_owned)), "{token:?}");
        let read = Compact::read(token, 32)
            .map(|parts| [parts.header, parts.payload, parts.signature, parts.signed])
            .map_err(|denial| denial.reason());
        assert_eq!(read, expected, "{token:?}");
    }

    /// A2.1, draft-ietf-oauth-rfc8725bis §3.14.
    #[test]
    fn a_token_has_three_parts_of_base64url_characters() {
        check("a.b.c", Ok(["a", "b", "c", "a.b"]));
        check("a-_9.b.", Ok(["a-_9", "b", "", "a-_9.b"]));
        for bad in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f", "a.b.c=", "a.b.c ", "a+.b.c", "a/.b.c", "ä.b.c"]
        {
            check(bad, Err(Reason::TokenMalformed));
        }
    }

    /// A2.23, draft-ietf-oauth-rfc8725bis §3.13.
    #[test]
    fn five_parts_are_an_encrypted_token() {
        check("a.b.c.d.e", Err(Reason::TokenEncrypted));
        check("a..c.d.e", Err(Reason::TokenEncrypted));
    }

    /// A2.24, at the limit.
    #[test]
    fn a_token_may_be_as_long_as_the_limit_and_not_one_octet_longer() {
        let token = |length: usize| format!("a.b.{}", "c".repeat(length - 4));
        assert!(Compact::read(&token(32), 32).is_ok());
        check(&token(33), Err(Reason::TokenTooLarge));
        check(&"=".repeat(33), Err(Reason::TokenTooLarge));
    }
}
