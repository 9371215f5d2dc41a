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
use crate::keys::{IntoKeySource, KeySource, KeySourceContext};

/// How long fetched keys are fresh: 10 minutes.
pub const DEFAULT_TTL: Duration = Duration::from_secs(600);

/// How long fetched keys are fresh at least, whatever the server says: 1 minute.
pub const MIN_TTL: Duration = Duration::from_secs(60);

/// How long fetched keys are used if no others can be had: 1 hour.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(3600);

/// How long after a fetch an unknown `kid` makes no other: 30 seconds.
pub const DEFAULT_COOLDOWN: Duration = Duration::from_secs(30);

/// The shortest cool-down that can be set: 1 second.
pub const MIN_COOLDOWN: Duration = Duration::from_secs(1);

/// How long after a failed fetch another is made while there are no keys at all: 5 seconds.
pub const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// How long a request waits for keys: 5 seconds.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(5);

/// How many requests wait for keys at once.
pub const DEFAULT_MAX_WAITERS: usize = 1024;

/// The longest time that can be set: one day.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Where to fetch the keys of an issuer, and how often. See the [module's docs](super).
#[derive(Clone)]
#[must_use]
pub struct RemoteKeys {
    jwks_uri: Option<String>,
    client: Option<OutboundClient>,
    policy: Policy,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) ttl: Duration,
    pub(super) max_age: Duration,
    pub(super) cooldown: Duration,
    pub(super) wait: Duration,
    pub(super) max_waiters: usize,
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
        let policy = Policy {
            ttl: DEFAULT_TTL,
            max_age: DEFAULT_MAX_AGE,
            cooldown: DEFAULT_COOLDOWN,
            wait: DEFAULT_WAIT,
            max_waiters: DEFAULT_MAX_WAITERS,
        };
        Self { jwks_uri, client: None, policy }
    }

    /// Fetches by this client. By default, this is a client of its own with default limits, which uses plain HTTP
    /// on loopback if the issuer was configured so.
    pub fn with_client(self, client: OutboundClient) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Sets how long keys are fresh, between [`MIN_TTL`] and one day. By default, this is [`DEFAULT_TTL`].
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.policy.ttl = ttl;
        self
    }

    /// Sets how long keys are used if no others can be had, at least as long as they are fresh and at most one day:
    /// a key that was withdrawn may count that long. By default, this is [`DEFAULT_MAX_AGE`].
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.policy.max_age = max_age;
        self
    }

    /// Sets the cool-down after a fetch, at least [`MIN_COOLDOWN`]. By default, this is [`DEFAULT_COOLDOWN`].
    pub fn with_cooldown(mut self, cooldown: Duration) -> Self {
        self.policy.cooldown = cooldown;
        self
    }

    /// Sets how long a request waits for keys. By default, this is [`DEFAULT_WAIT`].
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.policy.wait = wait;
        self
    }

    /// Sets how many requests wait for keys at once. By default, this is [`DEFAULT_MAX_WAITERS`].
    pub fn with_max_waiters(mut self, max_waiters: usize) -> Self {
        self.policy.max_waiters = max_waiters;
        self
    }

    /// The key set, for whoever wants to keep a handle on it. Nothing is fetched yet.
    ///
    /// # Errors
    /// `P602` if the URL or the issuer may not be asked; `P609` if the client cannot be set up or the times of
    /// refreshing make no sense; `P110` if no request may wait.
    pub fn build(self, context: &KeySourceContext) -> Result<RemoteKeySet, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(self.policy.faults());
        let client = match self.client {
            Some(client) => Some(client),
            None => errors.take(default_client(context)),
        };
        let Some(client) = client else { return Err(errors) };
        let location = errors.take(locate(self.jwks_uri.as_deref(), context, &client));
        let Some(location) = location else { return Err(errors) };
        let fetcher = Fetcher::new(client, context.clock().clone(), location);
        errors.into_result(RemoteKeySet::new(fetcher, self.policy, context.clock().clone()))
    }
}

impl IntoKeySource for RemoteKeys {
    fn into_key_source(self, context: &KeySourceContext) -> Result<Arc<dyn KeySource>, ConfigErrors> {
        Ok(Arc::new(self.build(context)?))
    }
}

impl Policy {
    fn faults(&self) -> impl Iterator<Item = ConfigError> {
        use ConfigCode::{ClientUnusable, ZeroLimit};

        let too_long =
            [self.ttl, self.max_age, self.cooldown, self.wait].into_iter().any(|time| time > LONGEST);
        let faults = [
            (too_long, ClientUnusable, "a time is longer than one day"),
            (self.ttl < MIN_TTL, ClientUnusable, "keys are fresh for less than one minute"),
            (self.max_age < self.ttl, ClientUnusable, "keys are used for less time than they are fresh"),
            (self.cooldown < MIN_COOLDOWN, ClientUnusable, "the cool-down is shorter than one second"),
            (self.wait.is_zero() || self.max_waiters == 0, ZeroLimit, "no request may wait for keys"),
        ];
        let wrong = faults.into_iter().filter(|(wrong, ..)| *wrong);
        wrong.map(|(_, code, why)| ConfigError::new(code, format!("fetching of keys: {why}")))
    }
}

fn default_client(context: &KeySourceContext) -> Result<OutboundClient, ConfigErrors> {
    let builder = OutboundClient::builder();
    if context.allows_http_on_loopback() {
        builder.insecure_allow_loopback_http().build()
    } else {
        builder.build()
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
