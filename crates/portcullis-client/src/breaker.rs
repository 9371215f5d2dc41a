use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A pause after failures, so that a server that is down is not asked by every request. Whoever asks a server keeps one
/// beside the client, and says what came of each [attempt](Attempt).
///
/// ```
/// use std::time::Duration;
/// use portcullis_client::Breaker;
/// use portcullis_core::Clock;
///
/// let breaker = Breaker::new(2, Duration::from_secs(1), Duration::from_secs(8));
/// let now = Clock::system().monotonic();
/// for _ in 0..2 {
///     breaker.admit(now).unwrap().failed(now);
/// }
/// assert_eq!(breaker.admit(now).unwrap_err(), Duration::from_secs(1));
/// ```
#[derive(Debug)]
pub struct Breaker {
    failures: u32,
    first_pause: Duration,
    longest_pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    paused_until: Option<Instant>,
}

impl Breaker {
    /// Pauses after so many failures in a row (one at least), first for so long, then twice as long with each further
    /// failure, up to the longest.
    #[must_use]
    pub fn new(failures: u32, first_pause: Duration, longest_pause: Duration) -> Self {
        Self { failures: failures.max(1), first_pause, longest_pause, state: Mutex::default() }
    }

    /// Leave to ask the server once.
    ///
    /// # Errors
    /// How long it may not be asked. When a pause ends, one caller may ask, and for the others it begins anew, until that
    /// one has said what came of it, or dropped the attempt.
    pub fn admit(&self, now: Instant) -> Result<Attempt<'_>, Duration> {
        let mut state = self.state();
        let Some(until) = state.paused_until else { return Ok(Attempt { breaker: self, probe: None }) };
        let remaining = until.saturating_duration_since(now);
        if !remaining.is_zero() {
            return Err(remaining);
        }
        state.paused_until = now.checked_add(self.pause(&state));
        Ok(Attempt { breaker: self, probe: Some(Probe { asked: now, paused_until: state.paused_until }) })
    }

    /// How long it may not be asked; `None` if it may.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Option<Duration> {
        let remaining = self.state().paused_until?.saturating_duration_since(now);
        (!remaining.is_zero()).then_some(remaining)
    }

    /// It answered.
    pub fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// It did not.
    pub fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.failures {
            state.paused_until = now.checked_add(self.pause(&state));
        }
    }

    fn pause(&self, state: &State) -> Duration {
        let doublings = state.failures.saturating_sub(self.failures).min(16);
        self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to ask a server once, from [`Breaker::admit`].
///
/// One that is dropped says nothing of the server: the caller went away, or the answer was of no use for a reason of the
/// question's own. If it was the one after a pause, the next caller may ask at once: nobody keeps the others out by
/// questions that come to nothing.
#[derive(Debug)]
#[must_use = "say what came of it"]
pub struct Attempt<'b> {
    breaker: &'b Breaker,
    probe: Option<Probe>,
}

/// The one attempt after a pause.
#[derive(Debug)]
struct Probe {
    asked: Instant,
    /// The pause of the others meanwhile.
    paused_until: Option<Instant>,
}

impl Attempt<'_> {
    /// It answered.
    pub fn succeeded(mut self) {
        self.probe = None;
        self.breaker.succeeded();
    }

    /// It did not.
    pub fn failed(mut self, now: Instant) {
        self.probe = None;
        self.breaker.failed(now);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let Some(probe) = self.probe.take() else { return };
        let mut state = self.breaker.state();
        // Another may have asked since, or a call from before the pause may have failed.
        if state.paused_until == probe.paused_until {
            state.paused_until = Some(probe.asked);
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_testkit::FakeClock;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_after_failures_in_a_row_longer_each_time_and_asks_once_after_each_pause() {
        let time = FakeClock::new();
        let now = || time.clock().monotonic();
        let breaker = Breaker::new(3, SECOND, 8 * SECOND);
        for _ in 1..3 {
            breaker.admit(now()).unwrap().failed(now());
            assert!(breaker.admit(now()).is_ok() && breaker.remaining(now()).is_none());
        }
        let mut attempt = breaker.admit(now()).unwrap();
        for seconds in [1, 2, 4, 8, 8, 8] {
            attempt.failed(now());
            let pause = seconds * SECOND;
            assert_eq!((breaker.admit(now()).unwrap_err(), breaker.remaining(now())), (pause, Some(pause)));
            time.advance(pause - SECOND / 2);
            assert_eq!(breaker.admit(now()).unwrap_err(), SECOND / 2);
            time.advance(SECOND / 2);
            attempt = breaker.admit(now()).expect("one after the pause");
            assert_eq!(breaker.admit(now()).unwrap_err(), pause, "and no other meanwhile");
        }
        attempt.succeeded();
        breaker.admit(now()).unwrap().failed(now());
        assert!(breaker.admit(now()).is_ok(), "a success begins the count anew");
    }

    #[test]
    fn an_attempt_after_a_pause_that_comes_to_nothing_makes_room_for_the_next() {
        let time = FakeClock::new();
        let now = || time.clock().monotonic();
        let breaker = Breaker::new(1, SECOND, SECOND);
        let early = breaker.admit(now()).unwrap();
        breaker.admit(now()).unwrap().failed(now());
        drop(early);
        assert_eq!(breaker.admit(now()).unwrap_err(), SECOND, "one from before the pause does not end it");
        time.advance(SECOND);
        for _ in 0..3 {
            let attempt = breaker.admit(now()).unwrap();
            assert_eq!(breaker.admit(now()).unwrap_err(), SECOND, "one at a time");
            drop(attempt);
        }
        let slow = breaker.admit(now()).unwrap();
        time.advance(SECOND);
        let next = breaker.admit(now()).unwrap();
        drop(slow);
        assert_eq!(breaker.admit(now()).unwrap_err(), SECOND, "the next one is still on its way");
        next.failed(now());
        assert_eq!(breaker.admit(now()).unwrap_err(), SECOND);
    }

    #[test]
    fn a_count_of_zero_is_one_and_many_failures_keep_to_the_longest_pause() {
        let now = FakeClock::new().clock().monotonic();
        let breaker = Breaker::new(0, SECOND, 10 * SECOND);
        assert!(breaker.admit(now).is_ok());
        for _ in 0..1000 {
            breaker.failed(now);
        }
        assert_eq!(breaker.admit(now).unwrap_err(), 10 * SECOND);
    }
}
