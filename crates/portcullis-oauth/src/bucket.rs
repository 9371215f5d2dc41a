//! How often strangers may set something off: a token bucket without floating point.

use std::time::{Duration, Instant};

/// `burst` at once, and one more for each `interval` that passes.
pub(crate) struct Bucket {
    interval: Duration,
    /// All but one of the burst, as time.
    tolerance: Duration,
    /// When the bucket will be full again.
    full_at: Option<Instant>,
}

impl Bucket {
    pub(crate) fn new(burst: u32, interval: Duration) -> Self {
        Self { interval, tolerance: interval.saturating_mul(burst.saturating_sub(1)), full_at: None }
    }

    /// Takes one, or says how long there is none.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now));
        let missing = full_at.saturating_duration_since(now);
        if missing > self.tolerance {
            return Err(missing.saturating_sub(self.tolerance));
        }
        self.full_at = full_at.checked_add(self.interval);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use portcullis_core::Clock;
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn gives_the_burst_at_once_and_then_one_per_interval() {
        let now = Clock::system().monotonic();
        let mut bucket = Bucket::new(3, 30 * SECOND);
        for _ in 0..3 {
            assert_eq!(bucket.take(now), Ok(()));
        }
        assert_eq!(bucket.take(now), Err(30 * SECOND));
        assert_eq!(bucket.take(now + 29 * SECOND), Err(SECOND));
        assert_eq!(bucket.take(now + 30 * SECOND), Ok(()));
        assert_eq!(bucket.take(now + 30 * SECOND), Err(30 * SECOND));
        // After a long rest the burst is there again, and no more than that.
        let later = now + 10_000 * SECOND;
        assert_eq!((0..10).filter(|_| bucket.take(later).is_ok()).count(), 3);
    }

    proptest! {
        /// However it is asked, it gives at most the burst and one per interval, and one at the latest after an
        /// interval.
        #[test]
        fn never_gives_more_and_never_starves(
            burst in 1_u32..8,
            steps in proptest::collection::vec(0_u32..40, 1..200),
        ) {
            let begin = Clock::system().monotonic();
            let mut bucket = Bucket::new(burst, 30 * SECOND);
            let (mut now, mut given, mut last) = (begin, 0, begin);
            for step in steps {
                now += step * SECOND;
                match bucket.take(now) {
                    Ok(()) => (given, last) = (given + 1, now),
                    Err(wait) => prop_assert!(now + wait <= last + 30 * SECOND),
                }
                prop_assert!(given <= u64::from(burst) + (now - begin).as_secs() / 30);
            }
        }
    }
}
