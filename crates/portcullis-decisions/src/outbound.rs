//! How an engine is reached, and what proves this application to it.

use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use portcullis_client::OutboundClient;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Secret};

use crate::remote::LONGEST_DEADLINE;

/// What proves this application.
pub(crate) enum Credential {
    /// In a field of this name.
    ApiKey(Box<str>, Secret),
    /// RFC 6750 §2.1.
    Bearer(Secret),
}

impl Credential {
    /// The field that carries it.
    pub(crate) fn fields(self) -> Result<HeaderMap, ConfigError> {
        // The text of these errors must not hold the credential.
        let invalid = |why: &str| ConfigError::new(ConfigCode::InvalidDecisionPoint, why);
        let (name, secret, prefix) = match self {
            Self::Bearer(token) => (AUTHORIZATION, token, &b"Bearer "[..]),
            Self::ApiKey(name, key) => {
                let name = HeaderName::try_from(&*name).map_err(|_| {
                    invalid("the field that carries the engine's key has a name that cannot be used")
                })?;
                (name, key, &b""[..])
            }
        };
        if secret.expose().is_empty() {
            return Err(invalid("the engine's key or token is empty"));
        }
        let mut value = HeaderValue::try_from([prefix, secret.expose()].concat())
            .map_err(|_| invalid("the engine's key or token has characters that no field can carry"))?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(name, value)]))
    }
}

/// A client for an engine beside the application.
pub(crate) fn client(
    deadline: Duration,
    max_answer: usize,
    plain_http: bool,
) -> Result<OutboundClient, ConfigErrors> {
    // What is out of range is reported by its own name.
    let deadline = deadline.clamp(Duration::from_millis(1), LONGEST_DEADLINE);
    let builder = OutboundClient::builder()
        .with_deadline(deadline)
        .with_max_body(max_answer.max(1))
        .insecure_allow_loopback_http()
        .insecure_allow_private_networks();
    if plain_http { builder.insecure_allow_plain_http().build() } else { builder.build() }
}
