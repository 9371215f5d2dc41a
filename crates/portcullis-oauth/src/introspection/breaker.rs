//! A pause after failures, so that a server that is down is not asked by every request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After how many failures in a row the issuer is left alone for a while.
pub const FAILURES: u32 = 3;

/// The longest time for which it is left alone: 8 seconds.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The first pause; it doubles with each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    paused_until: Option<Instant>,
}

impl Breaker {
    /// Whether the server may be asked.
    ///
    /// # Errors
    /// How long it may not. When a pause ends, one caller may, and for the others it begins anew.
    pub(super) fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        let Some(until) = state.paused_until else { return Ok(()) };
        let remaining = until.saturating_duration_since(now);
        if !remaining.is_zero() {
            return Err(remaining);
        }
        state.paused_until = now.checked_add(state.pause());
        Ok(())
    }

    /// How long it may not be asked; `None` if it may.
    pub(super) fn remaining(&self, now: Instant) -> Option<Duration> {
        let remaining = self.state().paused_until?.saturating_duration_since(now);
        (!remaining.is_zero()).then_some(remaining)
    }

    pub(super) fn succeeded(&self) {
        *self.state() = State::default();
    }

    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.paused_until = now.checked_add(state.pause());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(FAILURES).min(8);
        FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
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
        let breaker = Breaker::default();
        for _ in 1..FAILURES {
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
        assert_eq!(LONGEST_PAUSE, 8 * SECOND);
        breaker.succeeded();
        assert_eq!(breaker.admit(now()), Ok(()));
        breaker.failed(now());
        assert_eq!(breaker.admit(now()), Ok(()), "a success begins the count anew");
    }
}
