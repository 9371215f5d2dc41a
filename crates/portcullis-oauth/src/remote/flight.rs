//! The one fetch in progress, and how the last one ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::error::{Kind, RemoteError};

/// How a fetch ended.
pub(super) type Outcome = Result<(), Arc<RemoteError>>;

/// Tells those who wait how the fetch ended; `None` until then.
pub(super) type Waiter = watch::Receiver<Option<Outcome>>;

#[derive(Default)]
pub(super) struct Flights(Mutex<State>);

#[derive(Default)]
struct State {
    running: Option<Waiter>,
    last: Option<Attempt>,
}

struct Attempt {
    ended: Instant,
    failure: Option<Arc<RemoteError>>,
}

/// What becomes of a wish for a fetch.
pub(super) enum Boarding {
    /// One is in progress.
    Joined(Waiter),
    /// The last one ended too short a while ago; the next may begin after this.
    Pausing { remaining: Duration, failure: Option<Arc<RemoteError>> },
    /// One is due: whoever holds this makes it.
    Starting(Sender, Waiter),
}

/// The right to make the one fetch.
pub(super) type Sender = watch::Sender<Option<Outcome>>;

impl Flights {
    /// Joins the fetch in progress, or begins one, unless the last ended less than its pause ago.
    pub(super) fn board(&self, now: Instant, pause: impl FnOnce(bool) -> Duration) -> Boarding {
        let mut state = self.state();
        if let Some(waiter) = &state.running {
            return Boarding::Joined(waiter.clone());
        }
        if let Some(last) = &state.last {
            let since = now.saturating_duration_since(last.ended);
            let remaining = pause(last.failure.is_some()).saturating_sub(since);
            if !remaining.is_zero() {
                return Boarding::Pausing { remaining, failure: last.failure.clone() };
            }
        }
        let (sender, waiter) = watch::channel(None);
        state.running = Some(waiter.clone());
        Boarding::Starting(sender, waiter)
    }

    /// Ends the fetch in progress and tells those who wait.
    pub(super) fn land(&self, now: Instant, sender: &Sender, outcome: Outcome) {
        let mut state = self.state();
        state.running = None;
        state.last = Some(Attempt { ended: now, failure: outcome.clone().err() });
        drop(state);
        sender.send_replace(Some(outcome));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn interrupted() -> Outcome {
    Err(Arc::new(Kind::Interrupted.into()))
}
