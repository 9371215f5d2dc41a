//! A cap on requests in flight, as its user writes it.

mod body;
mod future;
mod layer;
mod limiter;
mod permit;
mod places;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::{ConfigErrors, Mode};

pub use self::body::{HeldBody, HoldBody, RELEASED_WITH_HEAD, ReleaseWithHead};
pub use self::future::HoldFuture;
pub use self::layer::{InFlightFuture, InFlightLayer, InFlightService};
pub use self::limiter::InFlightLimiter;
pub use self::permit::Permit;
use crate::key::{LimitKey, UnknownClient};

/// How many requests of one key may be in flight at once, unless said otherwise.
///
/// It is meant for a client address, behind which a household or an office may stand, with one stream of events
/// for each open window.
pub const DEFAULT_AT_ONCE: u32 = 500;

/// How many requests of everybody may be in flight at once, unless said otherwise.
pub const DEFAULT_TOTAL_AT_ONCE: u32 = 10_000;

/// The most requests of everybody that a cap can allow.
pub const MAX_TOTAL_AT_ONCE: u32 = 1 << 24;

/// After how long a refused client is told to try again, unless said otherwise: nobody knows when a request of
/// another will end.
pub const DEFAULT_IN_FLIGHT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Begins a cap on requests in flight, counted by this key.
///
/// A limit on how often requests come does not stop a client whose requests never end: many slow streams of a
/// few HTTP/2 connections would take every place there is.
///
/// ```
/// use portcullis_ratelimit::{client_ip, in_flight};
///
/// assert!(in_flight(client_ip()).at_most(50).total(1_000).build().is_ok());
///
/// let nobody = in_flight(client_ip()).at_most(0).build().unwrap_err();
/// assert_eq!(nobody.codes().collect::<Vec<_>>(), ["P301"]);
/// ```
pub fn in_flight(key: LimitKey) -> InFlight {
    InFlight {
        key,
        at_most: DEFAULT_AT_ONCE,
        total: DEFAULT_TOTAL_AT_ONCE,
        name: Arc::from("in-flight"),
        mode: Mode::Enforce,
        fields: true,
        retry_after: DEFAULT_IN_FLIGHT_RETRY_AFTER,
    }
}

/// A cap on requests in flight, described in full; [`build`](Self::build) checks it.
#[derive(Clone)]
#[must_use]
pub struct InFlight {
    pub(crate) key: LimitKey,
    at_most: u32,
    total: u32,
    name: Arc<str>,
    mode: Mode,
    fields: bool,
    retry_after: Duration,
}

impl InFlight {
    /// Serves this many requests of one key at once. By default, this is [`DEFAULT_AT_ONCE`]. Zero is a
    /// configuration error, P301.
    pub fn at_most(self, requests: u32) -> Self {
        Self { at_most: requests, ..self }
    }

    /// Serves this many requests of everybody at once. By default, this is [`DEFAULT_TOTAL_AT_ONCE`]. Zero is a
    /// configuration error, P301; more than [`MAX_TOTAL_AT_ONCE`] is P306.
    ///
    /// The table of keys takes 18 bytes for each of them, when the cap is built.
    pub fn total(self, requests: u32) -> Self {
        Self { total: requests, ..self }
    }

    /// Names the cap in response fields, problem documents and audit events. By default, this is `in-flight`. What
    /// [`Limit::named`](crate::Limit::named) says of names holds here too.
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Enforces the cap, or only watches it. By default, this is [`Mode::Enforce`].
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Tells refused clients to try again after so long, in whole seconds, rounded up. By default, this is
    /// [`DEFAULT_IN_FLIGHT_RETRY_AFTER`].
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: wait, ..self }
    }

    /// Counts IPv6 addresses by a prefix of this many bits, as [`Limit::ipv6_prefix`](crate::Limit::ipv6_prefix)
    /// does. By default, this is [`DEFAULT_IPV6_PREFIX`](crate::DEFAULT_IPV6_PREFIX).
    pub fn ipv6_prefix(mut self, bits: u8) -> Self {
        self.key.ipv6_prefix = bits;
        self
    }

    /// Says what becomes of clients whose address nobody knows. By default, they are counted as one.
    pub fn unknown_client(mut self, unknown: UnknownClient) -> Self {
        self.key.unknown = unknown;
        self
    }

    /// Sends neither `RateLimit` nor `RateLimit-Policy` with a refusal. By default, both are sent.
    pub fn without_fields(self) -> Self {
        Self { fields: false, ..self }
    }

    /// Checks every setting and makes the limiter, with its table and a fresh random seed.
    ///
    /// # Errors
    /// Everything that is wrong: P301, P302, P303 for attempts to log in, which are not requests, P306.
    pub fn build(&self) -> Result<InFlightLimiter, ConfigErrors> {
        InFlightLimiter::new(self)
    }
}

/// As in a route table: `500 at once by client-ip, 10000 of all`.
impl fmt::Display for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at once by {}, {} of all", self.at_most, self.key.label, self.total)
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight")
            .field("key", &self.key)
            .field("at_most", &self.at_most)
            .field("total", &self.total)
            .field("name", &self.name)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
