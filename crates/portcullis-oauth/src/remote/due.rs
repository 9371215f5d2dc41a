//! When the next refresh is due, in one atomic: whoever finds a known key asks it, and nobody else is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Somebody sees to it; who does says when the next one is due.
const TAKEN: u64 = u64::MAX;

pub(super) struct Due {
    origin: Instant,
    /// Nanoseconds since the origin; 584 years fit.
    at: AtomicU64,
}

impl Due {
    /// Due at once.
    pub(super) fn new(origin: Instant) -> Self {
        Self { origin, at: AtomicU64::new(0) }
    }

    /// Whether it is due and the caller is the one to see to it.
    pub(super) fn take(&self, now: Instant) -> bool {
        let at = self.at.load(Ordering::Relaxed);
        at <= self.scale(now) && self.swap(at)
    }

    pub(super) fn set(&self, at: Instant) {
        self.at.store(self.scale(at), Ordering::Relaxed);
    }

    /// How long until it is due; `None` while somebody sees to it.
    pub(super) fn remaining(&self, now: Instant) -> Option<Duration> {
        let at = self.at.load(Ordering::Relaxed);
        (at != TAKEN).then(|| Duration::from_nanos(at.saturating_sub(self.scale(now))))
    }

    fn swap(&self, at: u64) -> bool {
        self.at.compare_exchange(at, TAKEN, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn scale(&self, at: Instant) -> u64 {
        let nanos = at.saturating_duration_since(self.origin).as_nanos();
        u64::try_from(nanos).unwrap_or(TAKEN).min(TAKEN - 1)
    }
}

#[cfg(test)]
mod tests {
    use portcullis_core::Clock;

    use super::*;

    #[test]
    fn one_alone_takes_what_is_due() {
        let now = Clock::system().monotonic();
        let second = Duration::from_secs(1);
        let due = Due::new(now);
        assert!(due.take(now) && !due.take(now + second));
        assert_eq!(due.remaining(now), None);

        due.set(now + second);
        assert_eq!(due.remaining(now), Some(second));
        assert!(!due.take(now));
        assert_eq!(due.remaining(now + 2 * second), Some(Duration::ZERO));
        assert!(due.take(now + second) && !due.take(now + second));
    }
}
