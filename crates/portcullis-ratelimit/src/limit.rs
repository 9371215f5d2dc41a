//! The description of a limit, as its user writes it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::{Clock, ConfigErrors, Mode, RequestView};

use crate::key::{LimitKey, UnknownClient};
use crate::limiter::{Limiter, Phase};
use crate::table::DEFAULT_CAPACITY;

/// A window of one second.
pub const SECOND: Duration = Duration::from_secs(1);
/// A window of one minute.
pub const MINUTE: Duration = Duration::from_secs(60);
/// A window of one hour.
pub const HOUR: Duration = Duration::from_secs(60 * 60);
/// A window of one day.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Begins a limit: requests are counted per this key.
///
/// ```
/// use portcullis_core::Clock;
/// use portcullis_ratelimit::{MINUTE, client_ip, per};
///
/// assert!(per(client_ip()).requests(100).every(MINUTE).burst(20).build(&Clock::system()).is_ok());
///
/// let nothing = per(client_ip()).requests(0).every(MINUTE).build(&Clock::system()).unwrap_err();
/// assert_eq!(nothing.codes().collect::<Vec<_>>(), ["P301"]);
/// ```
pub fn per(key: LimitKey) -> Per {
    Per(key)
}

/// A limit that still needs its number of requests.
#[derive(Clone, Debug)]
#[must_use]
pub struct Per(LimitKey);

impl Per {
    /// Allows this many requests in each window; zero is a configuration error, P301.
    pub fn requests(self, requests: u32) -> Requests {
        Requests { key: self.0, requests }
    }
}

/// A limit that still needs its window.
#[derive(Clone, Debug)]
#[must_use]
pub struct Requests {
    key: LimitKey,
    requests: u32,
}

impl Requests {
    /// Sets the window, such as [`MINUTE`]. Zero, or more than [`MAX_WINDOW`](crate::MAX_WINDOW), is a
    /// configuration error, P306.
    pub fn every(self, window: Duration) -> Limit {
        let Self { key, requests } = self;
        Limit {
            burst: requests,
            requests,
            window,
            name: None,
            capacity: DEFAULT_CAPACITY,
            mode: Mode::Enforce,
            cost: None,
            fields: true,
            refund_success: false,
            key,
        }
    }
}

pub(crate) type Cost = Arc<dyn Fn(&RequestView<'_>) -> u32 + Send + Sync>;

/// A limit, described in full; [`build`](Self::build) checks it and makes the [`Limiter`].
///
/// The quota is a bucket that holds [`burst`](Self::burst) requests and is refilled evenly, one request every
/// window / requests (rounded up to a nanosecond). So in any one window at most burst + requests are allowed. Where the
/// clock is read coarsely, what falls into the bucket while it lags is allowed besides: for as long as it lags by no more
/// than [`MAX_COARSE_LAG`](portcullis_core::MAX_COARSE_LAG), that is a hundredth of a burst beyond 100, and nothing of a
/// smaller one.
#[derive(Clone)]
#[must_use]
pub struct Limit {
    pub(crate) key: LimitKey,
    pub(crate) requests: u32,
    pub(crate) window: Duration,
    pub(crate) burst: u32,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) capacity: usize,
    pub(crate) mode: Mode,
    pub(crate) cost: Option<Cost>,
    pub(crate) fields: bool,
    pub(crate) refund_success: bool,
}

impl Limit {
    /// Allows this many requests at once. By default, this is the number of requests per window. Zero is a
    /// configuration error, P301.
    pub fn burst(self, burst: u32) -> Self {
        Self { burst, ..self }
    }

    /// Names the quota in response fields, problem documents and audit events. By default, this is the name of
    /// the key: `client-ip`, `principal`, `attempted-user`, the header's or the closure's name.
    ///
    /// The name is public: it must not give away who is counted (draft-ietf-httpapi-ratelimit-headers §6).
    /// Printable ASCII of up to [`MAX_NAME_LENGTH`](crate::MAX_NAME_LENGTH) characters; anything else is a
    /// configuration error, P302.
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Has room for this many keys that are in use at once, at 26 bytes each, taken when the limit is built. By
    /// default, this is [`DEFAULT_CAPACITY`]. Zero is a configuration error, P304; more than
    /// [`MAX_CAPACITY`](crate::MAX_CAPACITY) is P306.
    ///
    /// When more are in use, the key that is closest to having its whole quota again is forgotten first.
    pub fn capacity(self, keys: usize) -> Self {
        Self { capacity: keys, ..self }
    }

    /// Enforces the limit, or only watches it. By default, this is [`Mode::Enforce`].
    ///
    /// A limit that is only watched never changes a response: it adds no fields either.
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Makes a request cost what the closure says. By default, this is one.
    ///
    /// Zero takes nothing and is always allowed, which is how to exempt a caller. More than the burst is never
    /// allowed, and is refused with 413 `cost_exceeds_quota`. Attempts to log in always cost one.
    pub fn cost(self, cost: impl Fn(&RequestView<'_>) -> u32 + Send + Sync + 'static) -> Self {
        Self { cost: Some(Arc::new(cost)), ..self }
    }

    /// Counts IPv6 addresses by a prefix of this many bits. By default, this is
    /// [`DEFAULT_IPV6_PREFIX`](crate::DEFAULT_IPV6_PREFIX). Zero and more than 128 are a configuration error,
    /// P306.
    ///
    /// It holds wherever this limit counts by address, also where another key falls back to it.
    pub fn ipv6_prefix(mut self, bits: u8) -> Self {
        self.key.ipv6_prefix = bits;
        self
    }

    /// Says what becomes of clients whose address nobody knows. By default, this is
    /// [`UnknownClient::SharedQuota`].
    pub fn unknown_client(mut self, unknown: UnknownClient) -> Self {
        self.key.unknown = unknown;
        self
    }

    /// Sends neither `RateLimit` nor `RateLimit-Policy` for this quota. By default, both are sent.
    pub fn without_fields(self) -> Self {
        Self { fields: false, ..self }
    }

    /// Gives back what an attempt to log in cost when the secret was right, so that only failures count. By
    /// default, every attempt costs one.
    ///
    /// Wants [`attempted_user`](crate::attempted_user) as key (`P303`). Use it where clients log in with every request,
    /// as HTTP Basic does.
    pub fn refund_success(self) -> Self {
        Self { refund_success: true, ..self }
    }

    /// The name of the quota.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_ref().unwrap_or(&self.key.label)
    }

    /// Where in a request's way it is asked.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.key.phase
    }

    /// As audit events call it: the quota, and by what it counts.
    pub(crate) fn described(&self) -> String {
        let Self { requests, window, key, .. } = self;
        format!("quota {}: {requests} per {} s by {}", self.name(), window.as_secs_f64(), key.label)
    }

    /// Checks every setting and makes the limiter, with its table and a fresh random seed.
    ///
    /// # Errors
    /// Everything that is wrong: P301, P302, P304, P306.
    pub fn build(&self, clock: &Clock) -> Result<Limiter, ConfigErrors> {
        Limiter::new(self, clock)
    }
}

/// As in a route table: `5 per 60 s by attempted-user`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {} s by {}", self.requests, self.window.as_secs_f64(), self.name())
    }
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limit")
            .field("key", &self.key)
            .field("requests", &self.requests)
            .field("window", &self.window)
            .field("burst", &self.burst)
            .field("name", &self.name)
            .field("capacity", &self.capacity)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
