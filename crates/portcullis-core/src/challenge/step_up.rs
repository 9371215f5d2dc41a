//! The challenge that asks for a stronger or more recent login (RFC 9470).

use std::time::Duration;

use super::{BearerError, Challenge, ChallengeSet, is_quotable};
use crate::registry::ConfigCode;
use crate::{ConfigError, Denial, Scopes};

/// What a login must bring that would satisfy the route (RFC 9470 §3).
///
/// ```
/// use std::time::Duration;
/// use portcullis_core::challenge::{Challenge, StepUp};
///
/// let step_up = StepUp::new().acr_values(["phr", "mfa"]).max_age(Duration::from_secs(300));
/// let challenge = Challenge::bearer("bank").step_up(&step_up);
/// assert_eq!(
///     challenge.to_string(),
///     r#"Bearer realm="bank", error="insufficient_user_authentication", acr_values="phr mfa", max_age="300""#
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct StepUp {
    acr_values: Vec<Box<str>>,
    max_age: Option<Duration>,
    scopes: Scopes,
}

impl StepUp {
    /// Another login, of which nothing more can be said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the authentication context classes of which one would do, the preferred one first. By default, none
    /// is named.
    pub fn acr_values(mut self, values: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.acr_values = values.into_iter().map(Into::into).collect();
        self
    }

    /// Names the age in seconds, rounded down, beyond which a login is too old. By default, none is named.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Names the scopes that would do, if some are missing too. By default, none is named.
    pub fn scopes(mut self, scopes: Scopes) -> Self {
        self.scopes = scopes;
        self
    }
}

impl Challenge {
    /// Adds `error="insufficient_user_authentication"` and what would do.
    pub fn step_up(self, step_up: &StepUp) -> Self {
        let mut challenge = self.error(BearerError::InsufficientUserAuthentication);
        if !step_up.acr_values.is_empty() {
            challenge = challenge.parameter("acr_values", &step_up.acr_values.join(" "));
        }
        if let Some(age) = step_up.max_age {
            challenge = challenge.parameter("max_age", &age.as_secs().to_string());
        }
        challenge.scope(step_up.scopes.iter())
    }
}

impl ChallengeSet {
    /// Asks for another login, by the challenges of the schemes that carry access tokens. Where there is none, the
    /// challenges of the route stand as they are, since a 401 must have one (RFC 9110 §15.5.2).
    #[must_use]
    pub fn insufficient_user_authentication(&self, denial: Denial, step_up: &StepUp) -> Denial {
        if self.for_tokens().next().is_none() {
            return self.unanswered(denial);
        }
        self.for_tokens()
            .fold(denial, |denial, challenge| denial.challenge(&challenge.clone().step_up(step_up)))
    }
}

/// Checks an authentication context class when the configuration is read, so that a challenge can name it.
///
/// # Errors
/// [`ConfigCode::InvalidChallengeParameter`] if the text is empty, or not printable ASCII without space, quote and
/// backslash: `acr_values` separates its members by spaces (RFC 9470 §3).
pub fn check_acr(value: &str) -> Result<(), ConfigError> {
    if !value.is_empty() && value.bytes().all(|octet| octet != b' ' && is_quotable(octet)) {
        return Ok(());
    }
    let message = format!(
        "acr `{}` may hold printable ascii without space, quote and backslash only",
        value.escape_debug()
    );
    Err(ConfigError::new(ConfigCode::InvalidChallengeParameter, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    fn challenges(set: &[Challenge], step_up: &StepUp) -> Vec<String> {
        let denial = Denial::new(Reason::AuthenticationTooWeak);
        let denial = ChallengeSet::new(set.to_vec()).insufficient_user_authentication(denial, step_up);
        denial.challenges().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    /// A10.1, RFC 9470 §3.
    #[test]
    fn a_step_up_stands_on_the_challenges_of_token_schemes_alone() {
        let set = [Challenge::basic("r"), Challenge::bearer("r"), Challenge::new("DPoP", "r")];
        let step_up =
            StepUp::new().max_age(Duration::from_millis(1999)).scopes(Scopes::parse("b a").unwrap());
        let rest = r#"realm="r", error="insufficient_user_authentication", max_age="1", scope="a b""#;
        assert_eq!(challenges(&set, &step_up), [format!("Bearer {rest}"), format!("DPoP {rest}")]);
    }

    /// A6.17, RFC 9449 §7.2.
    #[test]
    fn a_step_up_stands_on_the_challenge_of_the_scheme_that_brought_the_token() {
        let set = vec![Challenge::bearer("r"), Challenge::new("DPoP", "r")];
        let denial = Denial::new(Reason::AuthenticationTooOld);
        let set = ChallengeSet::new(set).tried("DPoP");
        let denial = set.insufficient_user_authentication(denial, &StepUp::new());
        let found: Vec<_> = denial.challenges().collect();
        assert_eq!(found, [r#"DPoP realm="r", error="insufficient_user_authentication""#]);
    }

    /// RFC 9110 §15.5.2.
    #[test]
    fn a_401_has_a_challenge_also_where_no_scheme_carries_tokens() {
        let plain = Challenge::basic("r").to_string();
        assert_eq!(challenges(&[Challenge::basic("r")], &StepUp::new().acr_values(["mfa"])), [plain]);
    }

    #[test]
    fn an_acr_that_a_challenge_cannot_name_is_refused_at_start() {
        assert!(check_acr("urn:example:gold").is_ok());
        for bad in ["", "a b", "a\"b", "a\\b", "é", "a\n"] {
            assert_eq!(check_acr(bad).unwrap_err().code(), ConfigCode::InvalidChallengeParameter, "{bad:?}");
        }
    }
}
