//! The outer form of credentials, by which the one owner is found before anything is verified.

use http::HeaderName;
use portcullis_core::octets::Counted;

/// Where a credential stands and what it looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialShape {
    /// `Authorization: Basic` (RFC 7617).
    Basic,
    /// `Authorization: Bearer` with a token of this shape (RFC 6750).
    Bearer(TokenShape),
    /// The certificate that the client proved to hold, in a request without any other credential, on a route that
    /// takes such certificates.
    ClientCertificate,
    /// `Authorization: DPoP` with a token of this shape (RFC 9449 §7.1); the proof stands in a field of its own.
    Dpop(TokenShape),
    /// The whole value of a header of its own.
    Header(HeaderName),
    /// `Authorization` with another scheme, followed by one token68; compared without case.
    Scheme(&'static str),
}

/// What an access token looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenShape {
    /// Every token: no second scheme can take tokens beside it.
    Any,
    /// Three or five parts of base64url, separated by dots (RFC 7515 §3.1, RFC 7516 §3.1); see [`is_jwt_shaped`].
    Jwt,
    /// Every token that no other scheme of the application owns: no prefix of theirs, and not JWT-shaped if one of
    /// them takes JWTs.
    Opaque,
    /// Tokens that begin with this text.
    Prefixed(Box<str>),
}

impl CredentialShape {
    /// Whether some credential would have both shapes.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bearer(one), Self::Bearer(two)) | (Self::Dpop(one), Self::Dpop(two)) => one.overlaps(two),
            (Self::ClientCertificate, Self::ClientCertificate) => true,
            (Self::Header(one), Self::Header(two)) => one == two,
            (Self::ClientCertificate | Self::Header(_), _)
            | (_, Self::ClientCertificate | Self::Header(_)) => false,
            (one, two) => one.authorization_scheme().eq_ignore_ascii_case(two.authorization_scheme()),
        }
    }

    /// The authorization scheme and the shape, for tokens.
    pub(crate) fn token(&self) -> Option<(&'static str, &TokenShape)> {
        match self {
            Self::Bearer(token) => Some((BEARER, token)),
            Self::Dpop(token) => Some((DPOP, token)),
            Self::Basic | Self::ClientCertificate | Self::Header(_) | Self::Scheme(_) => None,
        }
    }

    fn authorization_scheme(&self) -> &str {
        match self {
            Self::Basic => "Basic",
            Self::Bearer(_) => BEARER,
            Self::Dpop(_) => DPOP,
            Self::Scheme(name) => name,
            Self::ClientCertificate | Self::Header(_) => "",
        }
    }
}

/// RFC 6750 §2.1.
pub(crate) const BEARER: &str = "Bearer";

/// RFC 9449 §7.1.
pub(crate) const DPOP: &str = "DPoP";

impl TokenShape {
    /// Whether some token would have both shapes.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) | (Self::Jwt, Self::Jwt) | (Self::Opaque, Self::Opaque) => true,
            (Self::Prefixed(one), Self::Prefixed(two)) => one_begins_the_other(one, two),
            // Every JOSE header is a JSON object, and `{"` is `eyJ` in base64url.
            (Self::Prefixed(prefix), Self::Jwt) | (Self::Jwt, Self::Prefixed(prefix)) => {
                one_begins_the_other(prefix, "eyJ")
            }
            (Self::Prefixed(_), Self::Opaque)
            | (Self::Opaque, Self::Prefixed(_) | Self::Jwt)
            | (Self::Jwt, Self::Opaque) => false,
        }
    }
}

/// Whether the text has three or five parts of base64url characters separated by dots, the first not empty.
///
/// ```
/// use portcullis_authn::is_jwt_shaped;
///
/// assert!(is_jwt_shaped("eyJhbGciOiJub25lIn0.e30."));
/// assert!(!is_jwt_shaped("mF_9.B5f-4.1JqM.x") && !is_jwt_shaped("a.b.c="));
/// ```
#[must_use]
pub fn is_jwt_shaped(token: &str) -> bool {
    has_jwt_shape(Counted::new(token))
}

pub(crate) fn has_jwt_shape(token: Counted<'_>) -> bool {
    matches!(token.dots(), 2 | 4) && token.others() == 0 && !token.expose().starts_with('.')
}

fn one_begins_the_other(one: &str, two: &str) -> bool {
    one.starts_with(two) || two.starts_with(one)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::TokenShape::{Any, Jwt, Opaque, Prefixed};
    use super::*;

    #[track_caller]
    fn check(one: &CredentialShape, two: &CredentialShape, overlap: bool) {
        assert_eq!((one.overlaps(two), two.overlaps(one)), (overlap, overlap), "{one:?} {two:?}");
    }

    #[test]
    fn token_shapes_overlap_only_where_one_token_could_have_two_owners() {
        let prefixed = |text: &str| Prefixed(text.into());
        for (one, two, overlap) in [
            (Jwt, Jwt, true),
            (Opaque, Opaque, true),
            (Jwt, Opaque, false),
            (Any, Jwt, true),
            (Any, Opaque, true),
            (Any, Any, true),
            (Any, prefixed("pk_"), true),
            (prefixed("pk_"), prefixed("pk_live_"), true),
            (prefixed("pk_"), prefixed("sk_"), false),
            (prefixed("pk_"), Jwt, false),
            (prefixed("ey"), Jwt, true),
            (prefixed("eyJh"), Jwt, true),
            (prefixed("pk_"), Opaque, false),
        ] {
            let dpop = [one.clone(), two.clone()].map(CredentialShape::Dpop);
            let bearer = [one, two].map(CredentialShape::Bearer);
            check(&bearer[0], &bearer[1], overlap);
            check(&dpop[0], &dpop[1], overlap);
            check(&bearer[0], &dpop[1], false);
        }
    }

    #[test]
    fn places_overlap_by_scheme_without_case_and_by_header() {
        let header = |name| CredentialShape::Header(HeaderName::from_static(name));
        check(&CredentialShape::Basic, &CredentialShape::Scheme("bAsIc"), true);
        check(&CredentialShape::Basic, &CredentialShape::Basic, true);
        check(&CredentialShape::Scheme("bearer"), &CredentialShape::Bearer(Jwt), true);
        check(&CredentialShape::Scheme("DPoP"), &CredentialShape::Scheme("dpop"), true);
        check(&CredentialShape::Scheme("DPoP"), &CredentialShape::Bearer(Jwt), false);
        check(&CredentialShape::Scheme("dpop"), &CredentialShape::Dpop(Jwt), true);
        check(&header("x-api-key"), &header("x-api-key"), true);
        check(&header("x-api-key"), &header("x-other-key"), false);
        check(&header("x-api-key"), &CredentialShape::Basic, false);
        let certificate = CredentialShape::ClientCertificate;
        check(&certificate, &certificate, true);
        for other in [header("x-api-key"), CredentialShape::Basic, CredentialShape::Bearer(Any)] {
            check(&certificate, &other, false);
        }
    }

    /// A2.1, draft-ietf-oauth-rfc8725bis §3.14.
    #[test]
    fn a_jwt_has_three_or_five_parts_of_base64url() {
        for token in ["a.b.c", "a.b.", "a..", "a.b.c.d.e", "a..c.d.e", "-_9.Zz.-"] {
            assert!(is_jwt_shaped(token), "{token}");
        }
        for token in [
            "",
            ".",
            "..",
            "a",
            "a.b",
            "a.b.c.d",
            "a.b.c.d.e.f",
            ".b.c",
            "a.b.c=",
            "a+.b.c",
            "a.b/.c",
            "a.b.c~",
            "é.b.c",
        ] {
            assert!(!is_jwt_shaped(token), "{token}");
        }
    }

    proptest! {
        #[test]
        fn the_test_for_jwt_agrees_with_a_plain_reading(token in "[a-c.~=_-]{0,12}") {
            let parts: Vec<&str> = token.split('.').collect();
            let plain = matches!(parts.len(), 3 | 5)
                && !parts[0].is_empty()
                && parts.iter().all(|part| part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
            prop_assert_eq!(is_jwt_shaped(&token), plain);
        }
    }
}
