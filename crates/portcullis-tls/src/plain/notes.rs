//! How much is said of clients that speak plain HTTP: everyone who can connect can make the log grow.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many events there are of clients that speak plain HTTP, in each [`PLAIN_EVENT_INTERVAL`], and as many again of those
/// that sent credentials. What is beyond is counted, and the next event of its kind says how many were left out.
pub const MAX_PLAIN_EVENTS: u32 = 10;

/// The time in which there are at most [`MAX_PLAIN_EVENTS`] of a kind: one minute, which begins with the first of them.
pub const PLAIN_EVENT_INTERVAL: Duration = Duration::from_secs(60);

/// Bounds the events of one kind.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Written>);

#[derive(Debug, Default)]
struct Written {
    begun: Option<Instant>,
    events: u32,
    left_out: u64,
}

impl Notes {
    /// Whether there is to be an event now: then, how many were left out since the last one.
    pub(crate) fn take(&self, now: Instant) -> Option<u64> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = |begun: Instant| now.saturating_duration_since(begun) < PLAIN_EVENT_INTERVAL;
        if !written.begun.is_some_and(goes_on) {
            written.begun = Some(now);
            written.events = 0;
        }
        if written.events < MAX_PLAIN_EVENTS {
            written.events += 1;
            return Some(std::mem::take(&mut written.left_out));
        }
        written.left_out = written.left_out.saturating_add(1);
        None
    }
}

#[cfg(test)]
mod tests {
    use portcullis_core::Clock;

    use super::*;

    #[test]
    fn an_interval_has_so_many_events_and_the_next_tells_what_was_left_out() {
        let (notes, begun) = (Notes::default(), Clock::system().monotonic());
        let taken = |after: Duration, times: usize| -> Vec<Option<u64>> {
            (0..times).map(|_| notes.take(begun + after)).collect()
        };
        let most = MAX_PLAIN_EVENTS as usize;
        assert_eq!(taken(Duration::ZERO, most), vec![Some(0); most]);
        let last = PLAIN_EVENT_INTERVAL - Duration::from_nanos(1);
        assert_eq!(taken(last, 3), [None; 3]);
        assert_eq!(taken(PLAIN_EVENT_INTERVAL, 2), [Some(3), Some(0)]);
        assert_eq!(taken(PLAIN_EVENT_INTERVAL + last, most - 1).last(), Some(&None));
        assert_eq!(taken(PLAIN_EVENT_INTERVAL * 2, 1), [Some(1)]);
    }
}
