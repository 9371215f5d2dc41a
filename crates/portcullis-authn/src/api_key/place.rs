//! Where an API key may stand.

use http::{HeaderName, header};
use portcullis_core::{ConfigCode, ConfigError};

use crate::shape::{CredentialShape, TokenShape};

/// Refuses prefixes and headers that something else owns.
pub(super) fn check_shape(shape: &CredentialShape) -> Result<(), ConfigError> {
    match shape {
        CredentialShape::Bearer(TokenShape::Prefixed(prefix)) if !is_prefix(prefix) => Err(ConfigError::new(
            ConfigCode::InvalidKeyPrefix,
            format!(
                "prefix `{}` is empty or has characters other than `A-Za-z0-9-._~`",
                prefix.escape_debug()
            ),
        )),
        CredentialShape::Header(name) if is_taken(name) => Err(ConfigError::new(
            ConfigCode::InvalidCredentialHeader,
            format!("header `{name}` has a meaning of its own and cannot carry an api key"),
        )),
        _ => Ok(()),
    }
}

/// The characters that a token68 may begin with, but for `+` and `/`.
fn is_prefix(prefix: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    !prefix.is_empty() && prefix.bytes().all(allowed)
}

fn is_taken(name: &HeaderName) -> bool {
    let families = ["accept", "access-control-", "content-", "if-", "proxy-", "sec-", "x-forwarded-"];
    TAKEN.contains(name) || families.iter().any(|family| name.as_str().starts_with(family))
}

const TAKEN: [HeaderName; 18] = [
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONNECTION,
    header::COOKIE,
    header::DATE,
    header::EXPECT,
    header::FORWARDED,
    header::FROM,
    header::HOST,
    header::ORIGIN,
    header::RANGE,
    header::REFERER,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
    header::VIA,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn code(shape: &CredentialShape) -> Option<ConfigCode> {
        check_shape(shape).err().map(|error| error.code())
    }

    #[test]
    fn refuses_headers_with_a_meaning_of_their_own() {
        for name in
            ["authorization", "cookie", "content-type", "x-forwarded-for", "forwarded", "sec-fetch-site"]
        {
            let shape = CredentialShape::Header(HeaderName::from_static(name));
            assert_eq!(code(&shape), Some(ConfigCode::InvalidCredentialHeader), "{name}");
        }
        assert_eq!(code(&CredentialShape::Header(HeaderName::from_static("x-api-key"))), None);
    }

    #[test]
    fn refuses_prefixes_that_claim_every_token_or_none() {
        for (prefix, valid) in [("docs_", true), ("a-b.c~", true), ("", false), ("a b", false), ("a=", false)]
        {
            let found = code(&CredentialShape::Bearer(TokenShape::Prefixed(prefix.into())));
            assert_eq!(found.is_none(), valid, "{prefix:?}");
        }
    }
}
