use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use portcullis_core::{Clock, TimeSource};

/// Time that stands still until it is told to move; it begins on 2025-01-01.
#[derive(Clone)]
pub(crate) struct FakeTime(Arc<(Instant, AtomicU64)>);

const BEGINNING: u64 = 1_735_689_600;

impl FakeTime {
    pub(crate) fn new() -> Self {
        Self(Arc::new((Clock::system().monotonic(), AtomicU64::new(0))))
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::new(self.clone())
    }

    pub(crate) fn advance_days(&self, days: u64) {
        self.0.1.fetch_add(days * 24 * 60 * 60, Ordering::SeqCst);
    }

    fn passed(&self) -> Duration {
        Duration::from_secs(self.0.1.load(Ordering::SeqCst))
    }
}

impl TimeSource for FakeTime {
    fn wall(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(BEGINNING) + self.passed()
    }

    fn monotonic(&self) -> Instant {
        self.0.0 + self.passed()
    }
}
