//! Wall-clock and monotonic time by one reading.

use std::cell::Cell;
use std::time::{Instant, SystemTime};

use super::{Clock, MAX_ANCHOR_AGE};

/// A moment by both clocks: monotonic time, and when wall-clock time was last read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    monotonic: Instant,
    anchor: Anchor,
}

/// What both clocks said at once.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall: SystemTime,
    monotonic: Instant,
}

thread_local! {
    /// What this thread read last of the system's clocks, and until when it serves.
    static LAST: Cell<Option<(Anchor, Instant)>> = const { Cell::new(None) };
}

impl Moment {
    #[inline]
    pub(super) fn now(clock: &Clock) -> Self {
        let monotonic = clock.monotonic();
        let anchor = match LAST.get() {
            Some((anchor, until)) if clock.0.is_none() && monotonic < until => anchor,
            _ => Anchor::read(clock, monotonic),
        };
        Self { monotonic, anchor }
    }

    #[inline]
    pub(crate) fn monotonic(&self) -> Instant {
        self.monotonic
    }

    pub(crate) fn wall(&self) -> SystemTime {
        let Anchor { wall, monotonic } = self.anchor;
        // Both are of the last milliseconds.
        wall.checked_add(self.monotonic.saturating_duration_since(monotonic)).unwrap_or(wall)
    }
}

impl Anchor {
    #[cold]
    fn read(clock: &Clock, monotonic: Instant) -> Self {
        let anchor = Self { wall: clock.wall(), monotonic };
        if clock.0.is_none() {
            LAST.set(monotonic.checked_add(MAX_ANCHOR_AGE).map(|until| (anchor, until)));
        }
        anchor
    }
}
