//! How much is said of what everyone can cause: whoever can connect could make the log grow.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bounds how often something is logged: so many times in an interval, which begins with the first of them. What is
/// beyond is counted, and the next note says how many were left out.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis_core::{Clock, Notes};
///
/// let (notes, now) = (Notes::new(2, Duration::from_secs(60)), Clock::system().monotonic());
/// let taken: Vec<_> = (0..4).map(|_| notes.take(now)).collect();
/// assert_eq!(taken, [Some(0), Some(0), None, None]);
/// assert_eq!(notes.take(now + Duration::from_secs(60)), Some(2));
/// ```
#[derive(Debug)]
pub struct Notes {
    max: u32,
    interval: Duration,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    begun: Option<Instant>,
    notes: u32,
    left_out: u64,
}

impl Notes {
    /// At most that many in each interval; with `0`, there are none.
    #[must_use]
    pub fn new(max: u32, interval: Duration) -> Self {
        Self { max, interval, written: Mutex::default() }
    }

    /// Whether there is to be a note now: then, how many were left out since the last one.
    pub fn take(&self, now: Instant) -> Option<u64> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = |begun: Instant| now.saturating_duration_since(begun) < self.interval;
        if !written.begun.is_some_and(goes_on) {
            written.begun = Some(now);
            written.notes = 0;
        }
        if written.notes < self.max {
            written.notes += 1;
            return Some(std::mem::take(&mut written.left_out));
        }
        written.left_out = written.left_out.saturating_add(1);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    #[test]
    fn an_interval_has_so_many_notes_and_the_next_tells_what_was_left_out() {
        const MOST: u32 = 10;
        const MINUTE: Duration = Duration::from_secs(60);
        let (notes, begun) = (Notes::new(MOST, MINUTE), Clock::system().monotonic());
        let taken = |after: Duration, times: u32| -> Vec<Option<u64>> {
            (0..times).map(|_| notes.take(begun + after)).collect()
        };
        assert_eq!(taken(Duration::ZERO, MOST), vec![Some(0); MOST as usize]);
        let last = MINUTE - Duration::from_nanos(1);
        assert_eq!(taken(last, 3), [None; 3]);
        assert_eq!(taken(MINUTE, 2), [Some(3), Some(0)]);
        assert_eq!(taken(MINUTE + last, MOST - 1).last(), Some(&None));
        assert_eq!(taken(MINUTE * 2, 1), [Some(1)]);
        assert_eq!(Notes::new(0, MINUTE).take(begun), None);
    }
}
