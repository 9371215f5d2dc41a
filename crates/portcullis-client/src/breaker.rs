use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A pause after failures, so that a server that is down is not asked by every request. Whoever asks a server keeps one
/// beside the client, and says what came of each call.
///
/// ```
/// use std::time::Duration;
/// use portcullis_client::Breaker;
/// use portcullis_core::Clock;
///
/// let breaker = Breaker::new(2, Duration::from_secs(1), Duration::from_secs(8));
/// let now = Clock::system().monotonic();
/// breaker.failed(now);
/// assert!(breaker.admit(now).is_ok());
/// breaker.failed(now);
/// assert_eq!(breaker.admit(now), Err(Duration::from_secs(1)));
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

    /// Whether the server may be asked.
    ///
    /// # Errors
    /// How long it may not. When a pause ends, one caller may, and for the others it begins anew.
    pub fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        let Some(until) = state.paused_until else { return Ok(()) };
        let remaining = until.saturating_duration_since(now);
        if !remaining.is_zero() {
            return Err(remaining);
        }
        state.paused_until = now.checked_add(self.pause(&state));
        Ok(())
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
            breaker.failed(now());
            assert_eq!((breaker.admit(now()), breaker.remaining(now())), (Ok(()), None));
        }
        for seconds in [1, 2, 4, 8, 8, 8] {
            breaker.failed(now());
            let pause = seconds * SECOND;
            assert_eq!((breaker.admit(now()), breaker.remaining(now())), (Err(pause), Some(pause)));
            time.advance(pause - SECOND / 2);
            assert_eq!(breaker.admit(now()), Err(SECOND / 2));
            time.advance(SECOND / 2);
            assert_eq!(breaker.admit(now()), Ok(()), "one after the pause");
            assert_eq!(breaker.admit(now()), Err(pause), "and no other meanwhile");
        }
        breaker.succeeded();
        assert_eq!(breaker.admit(now()), Ok(()));
        breaker.failed(now());
        assert_eq!(breaker.admit(now()), Ok(()), "a success begins the count anew");
    }

    #[test]
    fn a_count_of_zero_is_one_and_many_failures_keep_to_the_longest_pause() {
        let now = FakeClock::new().clock().monotonic();
        let breaker = Breaker::new(0, SECOND, 10 * SECOND);
        assert_eq!(breaker.admit(now), Ok(()));
        for _ in 0..1000 {
            breaker.failed(now);
        }
        assert_eq!(breaker.admit(now), Err(10 * SECOND));
    }
}
