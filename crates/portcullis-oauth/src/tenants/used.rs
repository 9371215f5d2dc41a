//! When a tenant was asked for last.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Written on the way of requests, where one look at an atomic is the usual cost.
#[derive(Default)]
pub(super) struct Used {
    /// Seconds since the directory began.
    last: AtomicU64,
    /// Whether a token that is remembered was shown since: the time is not asked for it.
    again: AtomicBool,
}

impl Used {
    pub(super) fn at(&self, seconds: u64) {
        if self.last.load(Ordering::Relaxed) != seconds {
            self.last.store(seconds, Ordering::Relaxed);
        }
    }

    pub(super) fn again(&self) {
        if !self.again.load(Ordering::Relaxed) {
            self.again.store(true, Ordering::Relaxed);
        }
    }

    /// The time of the last use, where one whose time was not asked counts as now.
    pub(super) fn settle(&self, now: u64) -> u64 {
        if self.again.swap(false, Ordering::Relaxed) {
            self.at(now);
        }
        self.last.load(Ordering::Relaxed)
    }
}
