use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use portcullis_client::OutboundClient;
use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use super::fetcher::{Fetcher, Location};
use super::key_set::RemoteKeySet;
use super::metadata::well_known;
use super::policy::Policy;
use crate::keys::{IntoKeySource, KeySource, KeySourceContext};

/// Where to fetch the keys of an issuer, and how often. See the [module's docs](super).
#[derive(Clone)]
#[must_use]
pub struct RemoteKeys {
    jwks_uri: Option<String>,
    client: Option<OutboundClient>,
    policy: Policy,
}

impl RemoteKeys {
    /// The keys that the issuer's discovery document names.
    pub fn discover() -> Self {
        Self::of(None)
    }

    /// The keys at this URL.
    pub fn at(jwks_uri: impl Into<String>) -> Self {
        Self::of(Some(jwks_uri.into()))
    }

    fn of(jwks_uri: Option<String>) -> Self {
        Self { jwks_uri, client: None, policy: Policy::default() }
    }

    /// Fetches by this client. By default, this is a client of its own with default limits, which uses plain HTTP
    /// on loopback if the issuer was configured so.
    pub fn with_client(self, client: OutboundClient) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Sets how long keys are fresh, between the [least time](Self::with_min_ttl) and one day. They are fetched anew
    /// ahead of that; a key that the issuer withdrew counts at most that long while the issuer can be reached. By
    /// default, this is [`DEFAULT_TTL`](super::DEFAULT_TTL).
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.policy.ttl = ttl;
        self
    }

    /// Sets how long keys are fresh at least, whatever the server says, between [`MIN_TTL`](super::MIN_TTL) and one day. By default,
    /// this is [`MIN_TTL`](super::MIN_TTL).
    pub fn with_min_ttl(mut self, min_ttl: Duration) -> Self {
        self.policy.min_ttl = min_ttl;
        self
    }

    /// Sets how long keys are used if no others can be had, at least as long as they are fresh and at most one day:
    /// a key that was withdrawn may count that long. By default, this is [`DEFAULT_MAX_AGE`](super::DEFAULT_MAX_AGE).
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.policy.max_age = max_age;
        self
    }

    /// Sets after which time one more missed key may make a fetch, at least [`MIN_COOLDOWN`](super::MIN_COOLDOWN): under a flood of tokens
    /// with invented names it is what a new key waits for. By default, this is [`DEFAULT_COOLDOWN`](super::DEFAULT_COOLDOWN).
    pub fn with_cooldown(mut self, cooldown: Duration) -> Self {
        self.policy.cooldown = cooldown;
        self
    }

    /// Sets how many missed keys may make a fetch at once, between 1 and [`MAX_BURST`](super::MAX_BURST). By default,
    /// this is [`DEFAULT_BURST`](super::DEFAULT_BURST).
    pub fn with_burst(mut self, burst: u32) -> Self {
        self.policy.burst = burst;
        self
    }

    /// Sets how long a key that a fetch did not bring is not looked for again. By default, this is
    /// [`DEFAULT_ABSENCE`](super::DEFAULT_ABSENCE).
    pub fn with_absence(mut self, absence: Duration) -> Self {
        self.policy.absence = absence;
        self
    }

    /// Sets how long a request waits for keys. By default, this is [`DEFAULT_WAIT`](super::DEFAULT_WAIT).
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.policy.wait = wait;
        self
    }

    /// Sets how many requests wait for keys at once. By default, this is [`DEFAULT_MAX_WAITERS`](super::DEFAULT_MAX_WAITERS).
    pub fn with_max_waiters(mut self, max_waiters: usize) -> Self {
        self.policy.max_waiters = max_waiters;
        self
    }

    /// The key set, for whoever wants to keep a handle on it. Nothing is fetched yet.
    ///
    /// # Errors
    /// `P602` if the URL or the issuer may not be asked; `P609` if the client cannot be set up; `P610` for each
    /// setting that is out of range.
    pub fn build(self, context: &KeySourceContext) -> Result<RemoteKeySet, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(self.policy.faults());
        let client = match self.client {
            Some(client) => Some(client),
            None => errors.take(context.client()),
        };
        let Some(client) = client else { return Err(errors) };
        let location = errors.take(locate(self.jwks_uri.as_deref(), context, &client));
        let Some(location) = location else { return Err(errors) };
        let fetcher = Fetcher::new(client, context.clock().clone(), location);
        let (issuer, clock) = (Arc::clone(context.issuer()), context.clock().clone());
        errors.into_result(RemoteKeySet::new(issuer, Box::new(fetcher), self.policy, clock))
    }
}

impl IntoKeySource for RemoteKeys {
    fn into_key_source(self, context: &KeySourceContext) -> Result<Arc<dyn KeySource>, ConfigErrors> {
        Ok(Arc::new(self.build(context)?))
    }
}

fn locate(
    jwks_uri: Option<&str>,
    context: &KeySourceContext,
    client: &OutboundClient,
) -> Result<Location, ConfigError> {
    let text = jwks_uri.unwrap_or(context.issuer());
    let invalid = |why: &str| {
        let message = format!("keys cannot be fetched from `{}`: {why}", Escaped::new(text));
        ConfigError::new(ConfigCode::InvalidIssuer, message)
    };
    let uri: Uri = text.parse().map_err(|_| invalid("it is not a url"))?;
    // `http::Uri` drops a fragment in silence.
    if text.contains('#') {
        return Err(invalid("it has a fragment"));
    }
    client.check(&uri).map_err(|error| invalid(&error.to_string()))?;
    if jwks_uri.is_some() {
        return Ok(Location::Fixed(uri));
    }
    // RFC 8414 §2.
    if uri.query().is_some() {
        return Err(invalid("an issuer has no query"));
    }
    let places = well_known(text).ok_or_else(|| invalid("it is not a url"))?;
    Ok(Location::Discovered { issuer: Arc::clone(context.issuer()), places })
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys")
            .field("discovers", &self.jwks_uri.is_none())
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
