use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use portcullis_core::{Clock, TimeSource};

use crate::must::{lock, must};

/// Time that moves only when a test says so. Clones share one time.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use portcullis_testkit::FakeClock;
///
/// let time = FakeClock::new();
/// let clock = time.clock();
/// let before = (clock.wall(), clock.monotonic());
///
/// time.advance(Duration::from_secs(60));
/// assert_eq!(clock.wall(), before.0 + Duration::from_secs(60));
/// assert_eq!(clock.monotonic(), before.1 + Duration::from_secs(60));
///
/// // An administrator sets the wall clock back; time that is measured goes on.
/// time.set(UNIX_EPOCH);
/// assert_eq!(clock.unix_time(), Duration::ZERO);
/// assert_eq!(clock.monotonic(), before.1 + Duration::from_secs(60));
/// ```
#[derive(Clone)]
pub struct FakeClock(Arc<Mutex<Now>>);

#[derive(Clone, Copy)]
struct Now {
    wall: SystemTime,
    monotonic: Instant,
}

impl FakeClock {
    /// The wall-clock time at which a fake clock starts: 2026-01-01T00:00:00Z.
    pub const START: Duration = Duration::from_secs(1_767_225_600);

    /// A clock that stands at [`START`](Self::START).
    #[must_use]
    pub fn new() -> Self {
        Self::at(UNIX_EPOCH + Self::START)
    }

    /// A clock whose wall-clock time stands at that time.
    #[must_use]
    pub fn at(wall: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(Now { wall, monotonic: Clock::system().monotonic() })))
    }

    /// Lets that much time pass.
    #[track_caller]
    pub fn advance(&self, by: Duration) {
        let mut now = lock(&self.0);
        now.wall = must(now.wall.checked_add(by).ok_or("overflow"), "the time cannot be moved so far");
        now.monotonic =
            must(now.monotonic.checked_add(by).ok_or("overflow"), "the time cannot be moved so far");
    }

    /// Sets the wall-clock time, also back. The time that is measured does not move.
    pub fn set(&self, wall: SystemTime) {
        lock(&self.0).wall = wall;
    }

    /// A handle on this time for whatever takes a [`Clock`].
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::new(self.clone())
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl TimeSource for FakeClock {
    fn wall(&self) -> SystemTime {
        lock(&self.0).wall
    }

    fn monotonic(&self) -> Instant {
        lock(&self.0).monotonic
    }
}

impl fmt::Debug for FakeClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FakeClock").field(&lock(&self.0).wall).finish()
    }
}
