//! The one reader of the `Authorization` field, for every scheme.

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use crate::octets::Counted;
use crate::{Denial, Reason, octets};

/// A scheme and what follows it, as read from `Authorization` (RFC 9110 §11.4).
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    scheme: &'a str,
    rest: Counted<'a>,
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
        self.counted_token68().map(|token| token.expose())
    }

    /// The same, with what was counted when the field was read, so that nobody has to look at each octet again.
    ///
    /// # Errors
    /// As [`token68`](Self::token68).
    pub fn counted_token68(&self) -> Result<Counted<'a>, Denial> {
        // Dots and base64url are token68, and most tokens have nothing else.
        let plain = self.rest.others() == 0 && !self.rest.expose().is_empty();
        if plain || is_token68(self.rest.expose()) { Ok(self.rest) } else { Err(malformed(NOT_ONE)) }
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
    AuthorizationField::of(headers).read()
}

/// The octets after `Bearer` and one space, as they were sent, in the only `Authorization` field; `None` if it reads
/// otherwise. See [`AuthorizationField::bearer_octets`].
#[must_use]
pub fn bearer_octets(headers: &HeaderMap) -> Option<&[u8]> {
    AuthorizationField::of(headers).bearer_octets()
}

/// The `Authorization` field of a request, found once for all who ask for it.
#[derive(Clone, Copy)]
pub struct AuthorizationField<'a>(Only<'a>);

/// The octets of a field that may stand only once.
#[derive(Clone, Copy)]
enum Only<'a> {
    Missing,
    Repeated,
    Sent(&'a [u8]),
}

impl<'a> AuthorizationField<'a> {
    /// Looks for it.
    #[must_use]
    pub fn of(headers: &'a HeaderMap) -> Self {
        Self(Only::of(headers, &AUTHORIZATION))
    }

    /// The octets after `Bearer` and one space, as they were sent; `None` if the field reads otherwise.
    ///
    /// Nothing else is checked: it is for looking up a token that was read and verified before, octet by octet. Whoever
    /// does not find it [reads](Self::read) the field.
    #[must_use]
    #[inline]
    pub fn bearer_octets(&self) -> Option<&'a [u8]> {
        let Only::Sent(field) = self.0 else { return None };
        let (scheme, token) = field.split_first_chunk::<7>()?;
        // As nearly everybody writes it, which is one comparison.
        (scheme == b"Bearer " || scheme.eq_ignore_ascii_case(b"Bearer ")).then_some(token)
    }

    /// Reads it, as [`authorization`] does.
    ///
    /// # Errors
    /// As [`authorization`].
    pub fn read(&self) -> Result<Option<Credentials<'a>>, Denial> {
        let Some(field) = self.0.octets(&AUTHORIZATION)? else { return Ok(None) };
        // A field value has no other white space of ASCII than spaces and tabs.
        let field = std::str::from_utf8(field.trim_ascii()).map_err(|_| malformed(UNPRINTABLE))?;
        let end = field.bytes().position(|octet| octet == b' ').unwrap_or(field.len());
        let (scheme, rest) = field.split_at_checked(end).ok_or_else(|| malformed(NO_SCHEME))?;
        if scheme.is_empty() || !scheme.bytes().all(is_token_char) {
            return Err(malformed(NO_SCHEME));
        }
        // RFC 9110 §11.4: 1*SP between the scheme and what follows.
        let rest = Counted::new(rest.trim_start_matches(' '));
        if rest.others() != 0 && !is_all_visible(rest.expose().as_bytes()) {
            return Err(malformed(UNPRINTABLE));
        }
        Ok(Some(Credentials { scheme, rest }))
    }
}

impl fmt::Debug for AuthorizationField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationField").finish_non_exhaustive()
    }
}

impl<'a> Only<'a> {
    fn of(headers: &'a HeaderMap, name: &HeaderName) -> Self {
        // As many fields as names: none stands there twice. This saves most requests the half of it.
        if headers.len() == headers.keys_len() {
            return headers.get(name).map_or(Self::Missing, |value| Self::Sent(value.as_bytes()));
        }
        let mut fields = headers.get_all(name).iter();
        match (fields.next(), fields.next()) {
            (None, _) => Self::Missing,
            (Some(only), None) => Self::Sent(only.as_bytes()),
            (Some(_), Some(_)) => Self::Repeated,
        }
    }

    fn octets(self, name: &HeaderName) -> Result<Option<&'a [u8]>, Denial> {
        match self {
            Self::Missing => Ok(None),
            Self::Repeated => Err(Denial::new(Reason::RepeatedCredentialField)
                .explained(format!("the field `{name}` stands more than once"))),
            Self::Sent(octets) => Ok(Some(octets)),
        }
    }
}

/// Reads a field that may stand only once and holds printable ASCII, such as an API key's.
///
/// # Errors
/// 400 `repeated_credential_field` for two fields, 400 `malformed_authorization` for other octets.
pub fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Denial> {
    let Some(field) = Only::of(headers, name).octets(name)? else { return Ok(None) };
    if !is_all_visible(field) {
        return Err(malformed(UNPRINTABLE));
    }
    let text = std::str::from_utf8(field).map_err(|_| malformed(UNPRINTABLE))?;
    Ok(Some(text.trim_matches(OWS)))
}

const NO_SCHEME: &str = "the field does not begin with the name of a scheme";
const NOT_ONE: &str = "the scheme is not followed by exactly one credential";
const UNPRINTABLE: &str = "the field has octets that are not printable ASCII";

/// Nothing of the value is told: it may be a secret all the same.
fn malformed(why: &'static str) -> Denial {
    Denial::new(Reason::MalformedAuthorization).explained(why)
}

/// As `HeaderValue::to_str` asks, many octets at a time: each request with a credential pays for it.
fn is_all_visible(octets: &[u8]) -> bool {
    octets::count(octets, octets::is_visible) == octets.len()
}

/// RFC 9110 §11.2: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=').as_bytes();
    let allowed = |b| octets::is_base64url(b) | (b == b'.') | (b == b'~') | (b == b'+') | (b == b'/');
    !body.is_empty() && octets::count(body, allowed) == body.len()
}

/// Optional white space (RFC 9110 §5.6.3).
const OWS: [char; 2] = [' ', '\t'];

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

    #[test]
    fn the_octets_of_a_bearer_token_are_those_of_the_only_field() {
        let octets = |values: &[&'static str]| {
            let field = |value: &&'static str| (AUTHORIZATION, HeaderValue::from_static(value));
            let headers: HeaderMap = values.iter().map(field).collect();
            bearer_octets(&headers).map(<[u8]>::to_vec)
        };
        assert_eq!(octets(&["Bearer mF_9"]).as_deref(), Some(&b"mF_9"[..]));
        assert_eq!(octets(&["bEARER  a b"]).as_deref(), Some(&b" a b"[..]), "nothing else is checked");
        for other in [&[][..], &["Bearer"], &["Basic mF_9"], &["BearerX a"], &["Bearer a", "Bearer a"]] {
            assert_eq!(octets(other), None, "{other:?}");
        }
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer mF_9"))]);
        for accept in ["text/html", "*/*"] {
            headers.append(http::header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(bearer_octets(&headers), Some(&b"mF_9"[..]), "other fields may stand there twice");
        }
    }

    /// What the reader sees at one look is what two looks would see.
    #[track_caller]
    fn check_against_a_plain_reading(value: &[u8]) {
        let Ok(value) = HeaderValue::from_bytes(value) else { return };
        let plain = value.to_str().ok().map(|text| text.trim_matches(OWS)).and_then(|text| {
            let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
            let named = !scheme.is_empty() && scheme.bytes().all(is_token_char);
            named.then(|| rest.trim_start_matches(' ').to_owned())
        });
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        let read = authorization(&headers).map(Option::unwrap);
        assert_eq!(read.as_ref().ok().map(|read| read.rest.expose()), plain.as_deref());
        if let (Ok(read), Some(plain)) = (read, plain) {
            assert_eq!(read.token68().is_ok(), is_token68(&plain));
        }
    }

    proptest! {
        #[test]
        fn every_field_is_read_as_two_looks_would_read_it(value in "[ \t]{0,2}[Bb]?[ea@]{0,2}[ \t]{0,2}[a-c.~=_é\" -]{0,12}") {
            check_against_a_plain_reading(value.as_bytes());
        }

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
