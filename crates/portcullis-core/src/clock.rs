//! The one source of time.

use std::cell::Cell;
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

    /// Wall-clock and monotonic time of one moment.
    ///
    /// For the system's clock, one reading is enough as a rule: wall-clock time is what it was when this thread last
    /// read it, and what has passed since, for [`MAX_ANCHOR_AGE`]. A step of the system's clock is seen after that.
    #[must_use]
    pub fn both(&self) -> (SystemTime, Instant) {
        thread_local! {
            static ANCHOR: Cell<Option<(SystemTime, Instant)>> = const { Cell::new(None) };
        }
        let monotonic = self.monotonic();
        if self.0.is_some() {
            return (self.wall(), monotonic);
        }
        let extrapolated = ANCHOR.get().and_then(|(wall, read)| {
            let age = monotonic.saturating_duration_since(read);
            if age < MAX_ANCHOR_AGE { wall.checked_add(age) } else { None }
        });
        let wall = extrapolated.unwrap_or_else(|| {
            let wall = self.wall();
            ANCHOR.set(Some((wall, monotonic)));
            wall
        });
        (wall, monotonic)
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
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Clock(custom)" } else { "Clock(system)" })
    }
}

/// How long wall-clock time is extrapolated from monotonic time by [`Clock::both`].
pub const MAX_ANCHOR_AGE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(SystemTime, Instant);

    impl TimeSource for Fixed {
        fn wall(&self) -> SystemTime {
            self.0
        }

        fn monotonic(&self) -> Instant {
            self.1
        }
    }

    #[test]
    fn both_are_those_of_a_clock_of_ones_own() {
        let (wall, monotonic) = (UNIX_EPOCH + Duration::from_secs(7), Clock::system().monotonic());
        let clock = Clock::new(Fixed(wall, monotonic));
        // Neither is extrapolated from the system's.
        let _ = Clock::system().both();
        assert_eq!((clock.both(), clock.both()), ((wall, monotonic), (wall, monotonic)));
    }

    #[test]
    fn both_stay_beside_the_clocks_of_the_system() {
        let clock = Clock::system();
        for _ in 0..1000 {
            let before = (clock.wall(), clock.monotonic());
            let (wall, monotonic) = clock.both();
            let after = (clock.wall(), clock.monotonic());
            assert!(before.1 <= monotonic && monotonic <= after.1);
            // As long as nobody sets the clock meanwhile.
            let slack = MAX_ANCHOR_AGE;
            assert!(before.0 <= wall + slack && wall <= after.0 + slack);
        }
    }

    #[test]
    fn a_reading_serves_clones_of_a_clock_and_no_other() {
        let fixed = || Clock::new(Fixed(UNIX_EPOCH, Clock::system().monotonic()));
        let clock = fixed();
        assert!(clock.shares_source(&clock.clone()) && Clock::system().shares_source(&Clock::default()));
        assert!(!clock.shares_source(&fixed()) && !clock.shares_source(&Clock::system()));
    }
}
