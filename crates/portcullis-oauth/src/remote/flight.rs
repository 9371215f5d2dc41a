//! The one fetch in progress, how the last ones ended, and when the next may begin.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::error::{Kind, RemoteError};
use super::policy::{MAX_RETRY_PAUSE, RETRY_PAUSE};
use crate::bucket::Bucket;

/// How a fetch ended.
pub(super) type Outcome = Result<(), Arc<RemoteError>>;

/// Tells those who wait how the fetch ended; `None` until then.
pub(super) type Waiter = watch::Receiver<Option<Outcome>>;

/// The right to make the one fetch.
pub(super) type Sender = watch::Sender<Option<Outcome>>;

/// Why a fetch is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// There are no keys that can be used.
    Keys,
    /// A token names or needs a key that is not known. Everyone can send such tokens.
    MissedKey,
    /// Somebody asks for it, whatever failed before.
    Prefetch,
    /// The keys will soon be too old.
    Refresh,
}

/// What becomes of a wish for a fetch.
pub(super) enum Boarding {
    /// One is in progress.
    Joined(Waiter),
    /// None may begin before this has passed.
    Pausing { remaining: Duration, failure: Option<Arc<RemoteError>> },
    /// One is due: whoever holds this makes it.
    Starting(Sender, Waiter),
}

pub(super) struct Flights(Mutex<State>);

struct State {
    running: Option<Waiter>,
    last: Option<Attempt>,
    missed: Bucket,
}

struct Attempt {
    ended: Instant,
    failure: Option<Arc<RemoteError>>,
    /// In a row, with this one.
    failures: u32,
}

impl Flights {
    pub(super) fn new(missed: Bucket) -> Self {
        Self(Mutex::new(State { running: None, last: None, missed }))
    }

    /// Joins the fetch in progress, or begins one, if one may begin.
    pub(super) fn board(&self, now: Instant, purpose: Purpose) -> Boarding {
        let mut state = self.state();
        if let Some(waiter) = &state.running {
            return Boarding::Joined(waiter.clone());
        }
        if let Some((remaining, failure)) = state.pause(now, purpose) {
            return Boarding::Pausing { remaining, failure };
        }
        let (sender, waiter) = watch::channel(None);
        state.running = Some(waiter.clone());
        Boarding::Starting(sender, waiter)
    }

    /// Ends the fetch in progress and tells those who wait. Of a failure, when the next fetch may begin.
    pub(super) fn land(
        &self,
        now: Instant,
        sender: &Sender,
        outcome: Outcome,
        see: impl FnOnce(Option<Instant>),
    ) {
        let mut state = self.state();
        let failure = outcome.clone().err();
        let before = state.last.as_ref().map_or(0, |last| last.failures);
        let failures = if failure.is_some() { before.saturating_add(1) } else { 0 };
        let attempt = Attempt { ended: now, failure, failures };
        // Before the next one can begin, so that it is not forgotten when that one is due.
        see(attempt.failure.is_some().then(|| now + attempt.pause()));
        state.last = Some(attempt);
        state.running = None;
        drop(state);
        sender.send_replace(Some(outcome));
    }

    /// The fetch in progress.
    #[cfg(test)]
    pub(super) fn running(&self) -> Option<Waiter> {
        self.state().running.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How long no fetch may begin for this purpose, and the failure because of which.
    fn pause(&mut self, now: Instant, purpose: Purpose) -> Option<(Duration, Option<Arc<RemoteError>>)> {
        if purpose == Purpose::Prefetch {
            return None;
        }
        let last = self.last.as_ref();
        if let Some(last) = last.filter(|last| last.failure.is_some() || purpose == Purpose::Keys) {
            let remaining = last.pause().saturating_sub(now.saturating_duration_since(last.ended));
            if !remaining.is_zero() {
                return Some((remaining, last.failure.clone()));
            }
        }
        if purpose != Purpose::MissedKey {
            return None;
        }
        let remaining = self.missed.take(now).err()?;
        Some((remaining, last.and_then(|last| last.failure.clone())))
    }
}

impl Attempt {
    /// Doubles with each failure, up to a bound. After a success that brought keys which are too old at once, it is
    /// as after one failure.
    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(16);
        RETRY_PAUSE.saturating_mul(1 << doublings).min(MAX_RETRY_PAUSE)
    }
}

pub(super) fn interrupted() -> Outcome {
    Err(Arc::new(Kind::Interrupted.into()))
}
