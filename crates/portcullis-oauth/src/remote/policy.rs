//! How often keys are fetched and how long they count, with the defaults.

use std::time::Duration;

use portcullis_core::{ConfigCode, ConfigError};

/// How long fetched keys are fresh: 10 minutes.
pub const DEFAULT_TTL: Duration = Duration::from_secs(600);

/// How long fetched keys are fresh at least, whatever the server says: 1 minute.
pub const MIN_TTL: Duration = Duration::from_secs(60);

/// How long fetched keys are used if no others can be had: 1 hour.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(3600);

/// How long until one more missed key may make a fetch, once [`DEFAULT_BURST`] have: 30 seconds.
pub const DEFAULT_COOLDOWN: Duration = Duration::from_secs(30);

/// The shortest cool-down that can be set: 1 second.
pub const MIN_COOLDOWN: Duration = Duration::from_secs(1);

/// How many missed keys may make a fetch at once.
pub const DEFAULT_BURST: u32 = 4;

/// The largest burst that can be set.
pub const MAX_BURST: u32 = 100;

/// How long a key that a fetch did not bring is not looked for again: 30 seconds.
pub const DEFAULT_ABSENCE: Duration = Duration::from_secs(30);

/// How long after a failed fetch another is made: 5 seconds. It doubles with each failure in a row.
pub const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// How long after many failed fetches another is made: 30 seconds.
pub const MAX_RETRY_PAUSE: Duration = Duration::from_secs(30);

/// How long a request waits for keys: 5 seconds.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(5);

/// How many requests wait for keys at once.
pub const DEFAULT_MAX_WAITERS: usize = 1024;

/// The longest time that can be set: one day.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) ttl: Duration,
    pub(super) min_ttl: Duration,
    pub(super) max_age: Duration,
    pub(super) cooldown: Duration,
    pub(super) burst: u32,
    pub(super) absence: Duration,
    pub(super) wait: Duration,
    pub(super) max_waiters: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_TTL,
            min_ttl: MIN_TTL,
            max_age: DEFAULT_MAX_AGE,
            cooldown: DEFAULT_COOLDOWN,
            burst: DEFAULT_BURST,
            absence: DEFAULT_ABSENCE,
            wait: DEFAULT_WAIT,
            max_waiters: DEFAULT_MAX_WAITERS,
        }
    }
}

impl Policy {
    pub(super) fn faults(&self) -> impl Iterator<Item = ConfigError> {
        let times = [self.ttl, self.min_ttl, self.max_age, self.cooldown, self.absence, self.wait];
        let faults = [
            (times.into_iter().any(|time| time > LONGEST), "a time is longer than one day"),
            (self.min_ttl < MIN_TTL, "keys are fresh for less than one minute"),
            (self.ttl < self.min_ttl, "keys are fresh for less than the least time"),
            (self.max_age < self.ttl, "keys are used for less time than they are fresh"),
            (self.cooldown < MIN_COOLDOWN, "the cool-down is shorter than one second"),
            (self.burst == 0 || self.burst > MAX_BURST, "the burst is not between 1 and 100 fetches"),
            (self.wait.is_zero() || self.max_waiters == 0, "no request may wait for keys"),
        ];
        let wrong = faults.into_iter().filter(|(wrong, _)| *wrong);
        wrong.map(|(_, why)| {
            ConfigError::new(ConfigCode::KeyFetchingOutOfRange, format!("fetching of keys: {why}"))
        })
    }
}
