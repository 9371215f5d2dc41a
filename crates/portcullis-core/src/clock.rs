//! The one source of time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time; implement it to move the time in tests (`portcullis-testkit` has a fake).
pub trait TimeSource: Send + Sync + 'static {
    /// Wall-clock time, for what is dated: expiry, events.
    fn wall(&self) -> SystemTime;

    /// Time that never goes back, for what is measured: ages, quotas, durations.
    fn monotonic(&self) -> Instant;
}

/// A handle on the time that every room takes; clones are free. By default, the system's clock.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<dyn TimeSource>>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock of one's own.
    #[must_use]
    pub fn new(source: impl TimeSource) -> Self {
        Self(Some(Arc::new(source)))
    }

    /// Wall-clock time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
    pub fn wall(&self) -> SystemTime {
        match &self.0 {
            None => SystemTime::now(),
            Some(source) => source.wall(),
        }
    }

    /// Time that never goes back.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
    pub fn monotonic(&self) -> Instant {
        match &self.0 {
            None => Instant::now(),
            Some(source) => source.monotonic(),
        }
    }

    /// Wall-clock time as seconds since 1970-01-01T00:00:00Z; times before that count as zero.
    #[must_use]
    pub fn unix_time(&self) -> Duration {
        self.wall().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Clock(custom)" } else { "Clock(system)" })
    }
}
