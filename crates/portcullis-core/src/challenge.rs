//! `WWW-Authenticate`, built by type instead of by string.

mod step_up;

use std::borrow::Cow;
use std::fmt::{self, Write};

use http::HeaderValue;
use smallvec::SmallVec;

use crate::registry::ConfigCode;
use crate::{ConfigError, Denial, Scope, Scopes};

pub use self::step_up::{StepUp, check_acr};

/// One challenge of a `WWW-Authenticate` field (RFC 9110 §11.6.1).
///
/// Every parameter stands at most once (RFC 6750 §3); text that a quoted-string cannot carry is replaced by
/// spaces, so that nothing can end the value early or add a field.
///
/// ```
/// use portcullis_core::challenge::{BearerError, Challenge};
///
/// let challenge = Challenge::bearer("documents").error(BearerError::InvalidToken);
/// assert_eq!(challenge.to_string(), r#"Bearer realm="documents", error="invalid_token""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Challenge {
    scheme: &'static str,
    parameters: SmallVec<[(&'static str, Cow<'static, str>); 3]>,
}

impl Challenge {
    /// A challenge of any scheme, with its realm.
    pub fn new(scheme: &'static str, realm: &str) -> Self {
        Self { scheme, parameters: SmallVec::new() }.parameter("realm", realm)
    }

    /// `Bearer` (RFC 6750 §3). A realm is always there, since a bare `Bearer` is no challenge.
    pub fn bearer(realm: &str) -> Self {
        Self::new("Bearer", realm)
    }

    /// `Basic` with `charset="UTF-8"` (RFC 7617 §2.1).
    pub fn basic(realm: &str) -> Self {
        Self::new("Basic", realm).parameter("charset", "UTF-8")
    }

    /// The RFC 6750 §3.1 error code.
    pub fn error(self, error: BearerError) -> Self {
        self.set("error", Cow::Borrowed(error.as_str()))
    }

    /// Text for the developer of the client.
    pub fn error_description(self, description: &str) -> Self {
        self.parameter("error_description", description)
    }

    /// The scopes that would do, separated by single spaces.
    pub fn scope<'a>(self, scopes: impl IntoIterator<Item = &'a Scope>) -> Self {
        let scopes: Vec<&str> = scopes.into_iter().map(Scope::as_str).collect();
        if scopes.is_empty() { self } else { self.parameter("scope", &scopes.join(" ")) }
    }

    /// Sets a parameter, in place of an earlier one of that name.
    pub fn parameter(self, name: &'static str, value: &str) -> Self {
        self.set(name, Cow::Owned(quotable(value)))
    }

    /// Sets a parameter whose value can be quoted.
    fn set(mut self, name: &'static str, value: Cow<'static, str>) -> Self {
        match self.parameters.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((name, value)),
        }
        self
    }

    /// Whether the scheme carries OAuth access tokens: `Bearer` (RFC 6750) or `DPoP` (RFC 9449).
    #[must_use]
    pub fn is_oauth(&self) -> bool {
        matches!(self.scheme, "Bearer" | "DPoP")
    }

    /// The scheme's name.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The field value.
    #[must_use]
    pub fn to_header_value(&self) -> HeaderValue {
        // `, name="value"` for each; a text that needs not grow is taken over as it is.
        let parameters = self.parameters.iter().map(|(name, value)| name.len() + value.len() + 5);
        let mut text = String::with_capacity(self.scheme.len() + parameters.sum::<usize>());
        // INVARIANT: a String takes whatever is written.
        let _ = write!(text, "{self}");
        // INVARIANT: `parameter` lets only printable ASCII pass, and scheme names are tokens.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("Bearer realm=\"\""))
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme)?;
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            write!(f, "{} {name}=\"{value}\"", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// The challenges of a route: one per scheme that it takes, rendered once.
///
/// The authentication layer leaves it in the [`Trail`](crate::Trail), so that whoever refuses later, for want of a
/// caller or of a scope, answers with the challenges of the route.
#[derive(Clone, Debug)]
pub struct ChallengeSet {
    challenges: Vec<Challenge>,
    rendered: Vec<HeaderValue>,
    tried: Option<&'static str>,
}

impl ChallengeSet {
    /// The challenges of the route's schemes, in the order of the schemes.
    #[must_use]
    pub fn new(challenges: Vec<Challenge>) -> Self {
        let rendered = challenges.iter().map(Challenge::to_header_value).collect();
        Self { challenges, rendered, tried: None }
    }

    /// The same for a caller who came with a token of this authorization scheme: only its challenges name errors
    /// (RFC 9449 §7.2). By default, those of every scheme for tokens do.
    #[must_use]
    pub fn tried(self, scheme: &'static str) -> Self {
        Self { tried: Some(scheme), ..self }
    }

    /// The challenges that a token is refused with: those of the scheme that brought it, if it is known.
    fn for_tokens(&self) -> impl Iterator<Item = &Challenge> {
        let tried = |challenge: &&Challenge| self.tried.is_none_or(|tried| tried == challenge.scheme);
        self.challenges.iter().filter(|challenge| challenge.is_oauth()).filter(tried)
    }

    /// Adds every challenge as it is: no credential was sent, so no error is named (RFC 6750 §3.1).
    #[must_use]
    pub fn unanswered(&self, denial: Denial) -> Denial {
        self.rendered.iter().fold(denial, |denial, challenge| denial.challenge_value(challenge.clone()))
    }

    /// Adds every challenge, with `error="invalid_token"` on those of the scheme that brought the token: the token
    /// is right, but not for this route (RFC 9449 §7.2).
    #[must_use]
    pub fn invalid_token(&self, denial: Denial) -> Denial {
        let concerned = |challenge: &Challenge| self.tried == Some(challenge.scheme);
        self.challenges.iter().zip(&self.rendered).fold(denial, |denial, (challenge, plain)| {
            if concerned(challenge) {
                denial.challenge(&challenge.clone().error(BearerError::InvalidToken))
            } else {
                denial.challenge_value(plain.clone())
            }
        })
    }

    /// Adds `error="insufficient_scope"` with the scopes that would do, for the schemes that carry scopes.
    #[must_use]
    pub fn insufficient_scope(&self, denial: Denial, scopes: &Scopes) -> Denial {
        self.for_tokens().fold(denial, |denial, challenge| {
            denial.challenge(&challenge.clone().error(BearerError::InsufficientScope).scope(scopes.iter()))
        })
    }
}

/// The error codes of challenges for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BearerError {
    /// RFC 6750 §3.1: the token lacks a scope.
    InsufficientScope,
    /// RFC 9449 §12.2: the DPoP proof is invalid.
    InvalidDpopProof,
    /// RFC 9470 §3: the login behind the token is too weak or too old.
    InsufficientUserAuthentication,
    /// RFC 6750 §3.1: the request is malformed.
    InvalidRequest,
    /// RFC 6750 §3.1: the token is expired, revoked, malformed or otherwise invalid.
    InvalidToken,
    /// RFC 9449 §9: the DPoP proof must carry the nonce that the answer brings.
    UseDpopNonce,
}

impl BearerError {
    /// The code as it stands in the challenge.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }
}

/// Checks a realm when the configuration is read, so that a challenge never has to alter it.
///
/// # Errors
/// [`ConfigCode::InvalidChallengeParameter`] if the text is not printable ASCII without quote and backslash.
pub fn check_realm(realm: &str) -> Result<(), ConfigError> {
    if realm.bytes().all(is_quotable) {
        Ok(())
    } else {
        let message = format!(
            "realm `{}` may hold printable ascii without quote and backslash only",
            realm.escape_debug()
        );
        Err(ConfigError::new(ConfigCode::InvalidChallengeParameter, message))
    }
}

/// RFC 6750 §3: `error` and `error_description` are limited to these; the same set is safe in every other
/// parameter, quoted, without escaping.
const fn is_quotable(octet: u8) -> bool {
    matches!(octet, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

fn quotable(value: &str) -> String {
    value.chars().map(|c| if u8::try_from(c).is_ok_and(is_quotable) { c } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_stands_at_most_once() {
        let challenge = Challenge::bearer("a").parameter("realm", "b").error(BearerError::InvalidRequest);
        assert_eq!(challenge.to_string(), r#"Bearer realm="b", error="invalid_request""#);
    }

    #[test]
    fn hostile_text_cannot_end_the_value_or_add_a_field() {
        let challenge = Challenge::bearer("a").error_description("x\"\\\r\nSet-Cookie: a=bé");
        assert_eq!(challenge.to_string(), r#"Bearer realm="a", error_description="x    Set-Cookie: a=b ""#);
        assert_eq!(challenge.to_header_value().to_str().unwrap(), challenge.to_string());
    }

    #[test]
    fn scopes_are_separated_by_single_spaces_and_left_out_when_there_are_none() {
        let scopes = ["a", "b:c"].map(|s| Scope::new(s).unwrap());
        assert_eq!(Challenge::bearer("r").scope(&scopes).to_string(), r#"Bearer realm="r", scope="a b:c""#);
        assert_eq!(Challenge::bearer("r").scope([]).to_string(), r#"Bearer realm="r""#);
    }

    #[test]
    fn only_the_scheme_that_was_tried_names_an_error() {
        let set = || ChallengeSet::new(vec![Challenge::bearer("r"), Challenge::new("DPoP", "r")]);
        let scopes = Scopes::parse("a").unwrap();
        let named = |set: ChallengeSet| {
            let denial = set.insufficient_scope(Denial::new(crate::Reason::InsufficientScope), &scopes);
            let scheme = |value: &HeaderValue| value.to_str().unwrap().split(' ').next().unwrap().to_owned();
            denial.challenges().map(scheme).collect::<Vec<_>>()
        };
        assert_eq!(named(set()), ["Bearer", "DPoP"]);
        assert_eq!(named(set().tried("DPoP")), ["DPoP"]);
        assert_eq!(named(set().tried("Bearer")), ["Bearer"]);
        let unanswered = set().tried("DPoP").unanswered(Denial::new(crate::Reason::MissingCredentials));
        assert_eq!(unanswered.challenges().count(), 2);
        let refused = set().tried("Bearer").invalid_token(Denial::new(crate::Reason::TokenUnbound));
        let values: Vec<_> = refused.challenges().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(values, [r#"Bearer realm="r", error="invalid_token""#, r#"DPoP realm="r""#]);
    }

    #[test]
    fn a_realm_that_would_have_to_be_altered_is_refused_at_start() {
        assert!(check_realm("documents api").is_ok());
        assert_eq!(check_realm("a\"b").unwrap_err().code(), ConfigCode::InvalidChallengeParameter);
    }
}
