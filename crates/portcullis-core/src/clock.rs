//! The one source of time.

mod coarse;
mod moment;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use self::moment::Moment;

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
    #[inline]
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
    pub fn wall(&self) -> SystemTime {
        match &self.0 {
            None => SystemTime::now(),
            Some(source) => source.wall(),
        }
    }

    /// Time that never goes back.
    #[inline]
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
    pub fn monotonic(&self) -> Instant {
        match &self.0 {
            None => Instant::now(),
            Some(source) => source.monotonic(),
        }
    }

    /// Time that never goes back on one thread and may lag behind [`monotonic`](Self::monotonic), as a rule by
    /// [`MAX_COARSE_LAG`] at most; it is never ahead of it.
    ///
    /// For what is asked so often that reading the clock counts, and that so small a lag cannot decide: see
    /// [`MAX_COARSE_LAG`]. For the system's clock on Linux, with the feature `coarse-clock`, this is the time that this
    /// thread read last, for as long as the kernel has not counted on since, and costs a quarter of a reading.
    /// Everywhere else, and for a clock of one's own, it is the exact time.
    #[inline]
    #[must_use]
    pub fn monotonic_coarse(&self) -> Instant {
        if self.0.is_some() { self.monotonic() } else { coarse::monotonic(|| self.monotonic()) }
    }

    /// Wall-clock and monotonic time of one moment.
    ///
    /// For the system's clock, one reading is enough as a rule: wall-clock time is what it was when this thread last
    /// read it, and what has passed since, for [`MAX_ANCHOR_AGE`]. A step of the system's clock is seen after that.
    #[must_use]
    pub fn both(&self) -> (SystemTime, Instant) {
        let moment = self.moment();
        (moment.wall(), moment.monotonic())
    }

    /// The same, of which wall-clock time is worked out by whoever asks for it.
    #[inline]
    pub(crate) fn moment(&self) -> Moment {
        Moment::now(self)
    }

    /// Whether the other tells the time of the same source, so that one reading serves both.
    #[inline]
    #[must_use]
    pub fn shares_source(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            _ => false,
        }
    }

    /// Wall-clock time as seconds since 1970-01-01T00:00:00Z; times before that count as zero.
    #[must_use]
    #[inline]
    pub fn unix_time(&self) -> Duration {
        self.wall().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// The same, which may lag as [`monotonic_coarse`](Self::monotonic_coarse) does.
    #[must_use]
    #[inline]
    pub fn unix_time_coarse(&self) -> Duration {
        if self.0.is_some() { self.unix_time() } else { coarse::unix_time(|| self.unix_time()) }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Clock(custom)" } else { "Clock(system)" })
    }
}

/// By how much a coarse reading of a [`Clock`] lags at most, as a rule: the longest tick of a Linux kernel.
///
/// It is no promise: where a hypervisor takes the processor away that counts the ticks, time stands still for longer. So
/// a coarse reading is for what may come a moment late, such as the end of something that lasts for seconds; and where it
/// tells against a caller by no more than this, the exact clock is asked before anybody is refused.
pub const MAX_COARSE_LAG: Duration = Duration::from_millis(10);

/// How long wall-clock time is extrapolated from monotonic time by [`Clock::both`].
pub const MAX_ANCHOR_AGE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
