use std::time::Duration;

use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderName, HeaderValue, Method};
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use super::policy::{Cors, Origins};
use crate::origin::WebOrigin;

/// The methods that pages of other origins may use.
pub const DEFAULT_METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The request fields that pages of other origins may set.
pub const DEFAULT_ALLOWED_HEADERS: [HeaderName; 7] = [
    ACCEPT,
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("dpop"),
    HeaderName::from_static("idempotency-key"),
    IF_MATCH,
    IF_NONE_MATCH,
];

/// The response fields that pages of other origins may read, beside those that the Fetch standard names.
pub const DEFAULT_EXPOSED_HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("dpop-nonce"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    RETRY_AFTER,
    WWW_AUTHENTICATE,
];

/// How long a browser may remember the answer to a preflight.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(600);

/// Builds a [`Cors`]. Wrong settings are kept and reported by [`build`](Self::build), all at once.
#[derive(Clone, Debug)]
#[must_use]
pub struct CorsBuilder {
    origins: Origins,
    credentials: bool,
    methods: Vec<Method>,
    headers: Vec<HeaderName>,
    exposed: Vec<HeaderName>,
    max_age: Duration,
    errors: ConfigErrors,
}

impl CorsBuilder {
    pub(super) fn new(origins: Origins) -> Self {
        Self {
            origins,
            credentials: false,
            methods: DEFAULT_METHODS.into(),
            headers: DEFAULT_ALLOWED_HEADERS.into(),
            exposed: DEFAULT_EXPOSED_HEADERS.into(),
            max_age: DEFAULT_MAX_AGE,
            errors: ConfigErrors::new(),
        }
    }

    /// Allows one more origin: scheme, host and port, compared exactly. There are no wildcards, and `null`,
    /// which every sandboxed page has, is refused.
    ///
    /// What is no origin is reported as [`ConfigCode::InvalidOrigin`].
    pub fn origin(mut self, origin: impl AsRef<str>) -> Self {
        let value = self.errors.take(WebOrigin::from_config(origin.as_ref()));
        if let (Origins::Listed(origins), Some(origin)) = (&mut self.origins, value) {
            origins.push(origin.to_header_value());
        }
        self
    }

    /// Lets browsers attach cookies, cached passwords and client certificates, and pages read the answers. By
    /// default, they may not; tokens that a page attaches itself need it not.
    ///
    /// Together with [`Cors::any_origin`] it is reported as [`ConfigCode::CredentialsWithAnyOrigin`].
    pub fn credentials(self) -> Self {
        Self { credentials: true, ..self }
    }

    /// Allows these methods only. By default, this is [`DEFAULT_METHODS`].
    pub fn methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        Self { methods: methods.into_iter().collect(), ..self }
    }

    /// Allows one more request field, such as that of an API key. By default, this is
    /// [`DEFAULT_ALLOWED_HEADERS`].
    pub fn allow_header(mut self, name: HeaderName) -> Self {
        self.headers.push(name);
        self
    }

    /// Lets pages read one more response field. By default, this is [`DEFAULT_EXPOSED_HEADERS`].
    pub fn expose_header(mut self, name: HeaderName) -> Self {
        self.exposed.push(name);
        self
    }

    /// How long a browser may remember the answer to a preflight, in whole seconds. By default, this is
    /// [`DEFAULT_MAX_AGE`].
    pub fn max_age(self, age: Duration) -> Self {
        Self { max_age: age, ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigCode::InvalidOrigin`] for each text that is no origin, and
    /// [`ConfigCode::CredentialsWithAnyOrigin`].
    pub fn build(self) -> Result<Cors, ConfigErrors> {
        let mut errors = self.errors;
        if self.credentials && matches!(self.origins, Origins::Any) {
            let message = "any origin may not be allowed together with credentials: name the origins";
            errors.push(ConfigError::new(ConfigCode::CredentialsWithAnyOrigin, message));
        }
        let mut origins = self.origins;
        if let Origins::Listed(listed) = &mut origins {
            listed.sort();
            listed.dedup();
        }
        errors.into_result(Cors {
            origins,
            credentials: self.credentials,
            methods: list(self.methods.iter().map(Method::as_str)),
            headers: list(self.headers.iter().map(HeaderName::as_str)),
            exposed: list(self.exposed.iter().map(HeaderName::as_str)),
            max_age: Some(HeaderValue::from(self.max_age.as_secs())),
        })
    }
}

/// A comma-separated list without duplicates; `None` if it is empty.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> Option<HeaderValue> {
    let mut kept: Vec<&str> = Vec::new();
    for name in names {
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    // INVARIANT: methods and field names are tokens, which a field value may hold.
    HeaderValue::try_from(kept.join(", ")).ok().filter(|value| !value.is_empty())
}
