//! The one reader of the `Authorization` field, for every scheme.

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use crate::{Denial, Reason, octets};

/// A scheme and what follows it, as read from `Authorization` (RFC 9110 §11.4).
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    scheme: &'a str,
    rest: &'a str,
}

impl<'a> Credentials<'a> {
    /// The scheme's name as it was sent; compare with [`is`](Self::is).
    #[must_use]
    pub fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// Whether the scheme has this name, without regard to case (RFC 9110 §11.1).
    #[must_use]
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The one token68 that follows the scheme (RFC 6750 §2.1, RFC 7617 §2).
    ///
    /// # Errors
    /// 400 `malformed_authorization` if there is none, more than one, or something else.
    pub fn token68(&self) -> Result<&'a str, Denial> {
        if is_token68(self.rest) { Ok(self.rest) } else { Err(Denial::new(Reason::MalformedAuthorization)) }
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// Reads the client's `Authorization` field.
///
/// `Ok(None)` means that no credential was sent.
///
/// # Errors
/// 400 `repeated_credential_field` for two fields; 400 `malformed_authorization` if the field does not begin
/// with the name of a scheme or has octets outside printable ASCII.
///
/// ```
/// use http::{HeaderMap, header::AUTHORIZATION};
/// use portcullis_core::{Reason, credentials};
///
/// let mut headers = HeaderMap::new();
/// assert!(credentials::authorization(&headers).unwrap().is_none());
///
/// headers.insert(AUTHORIZATION, "bearer mF_9.B5f-4.1JqM".parse().unwrap());
/// let sent = credentials::authorization(&headers).unwrap().unwrap();
/// assert!(sent.is("Bearer"));
/// assert_eq!(sent.token68().unwrap(), "mF_9.B5f-4.1JqM");
///
/// headers.append(AUTHORIZATION, "Basic YTpi".parse().unwrap());
/// let refused = credentials::authorization(&headers).unwrap_err();
/// assert_eq!(refused.reason(), Reason::RepeatedCredentialField);
/// ```
pub fn authorization(headers: &HeaderMap) -> Result<Option<Credentials<'_>>, Denial> {
    let Some(field) = single(headers, &AUTHORIZATION)? else { return Ok(None) };
    let (scheme, rest) = field.split_once(' ').unwrap_or((field, ""));
    if scheme.is_empty() || !scheme.bytes().all(is_token_char) {
        return Err(Denial::new(Reason::MalformedAuthorization));
    }
    // RFC 9110 §11.4: 1*SP between the scheme and what follows.
    Ok(Some(Credentials { scheme, rest: rest.trim_start_matches(' ') }))
}

/// Reads a field that may stand only once and holds printable ASCII, such as an API key's.
///
/// # Errors
/// 400 `repeated_credential_field` for two fields, 400 `malformed_authorization` for other octets.
pub fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Denial> {
    let mut fields = headers.get_all(name).iter();
    let Some(first) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(Denial::new(Reason::RepeatedCredentialField));
    }
    let octets = first.as_bytes();
    let malformed = || Denial::new(Reason::MalformedAuthorization);
    // As `HeaderValue::to_str`, many octets at a time: each request with a credential pays for it.
    if octets::count(octets, octets::is_visible) != octets.len() {
        return Err(malformed());
    }
    let text = std::str::from_utf8(octets).map_err(|_| malformed())?;
    Ok(Some(text.trim_matches([' ', '\t'])))
}

/// RFC 9110 §11.2: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=').as_bytes();
    let allowed = |b| octets::is_base64url(b) | (b == b'.') | (b == b'~') | (b == b'+') | (b == b'/');
    !body.is_empty() && octets::count(body, allowed) == body.len()
}

/// RFC 9110 §5.6.2.
fn is_token_char(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(value: &[u8]) -> Result<String, Reason> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        let credentials = authorization(&headers).map_err(|d| d.reason())?.unwrap();
        credentials.token68().map(str::to_owned).map_err(|d| d.reason())
    }

    /// A1.2, RFC 9110 §11.1.
    #[test]
    fn the_scheme_is_read_without_case_and_the_token_keeps_its_case() {
        for value in ["Bearer mF_9", "bearer mF_9", "BEARER mF_9", "bEaReR   mF_9"] {
            assert_eq!(read(value.as_bytes()).as_deref(), Ok("mF_9"), "{value}");
        }
    }

    /// A1.3, RFC 6750 §2.1.
    #[test]
    fn anything_but_one_token68_is_malformed() {
        let bad: [&[u8]; 11] = [
            b"Bearer",
            b"Bearer ",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer =abc",
            b"Bearer a=b",
            b"Bearer \"abc\"",
            b"Bearer abc\xc3\xa9",
            b"",
            b" ",
            b"Be@rer abc",
        ];
        for value in bad {
            assert_eq!(read(value), Err(Reason::MalformedAuthorization), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(value in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
                if let Ok(Some(credentials)) = authorization(&headers) {
                    let _ = credentials.token68();
                }
            }
        }
    }
}
