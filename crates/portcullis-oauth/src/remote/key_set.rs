use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use portcullis_core::{Clock, Denial, Reason, Step};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::error::RemoteError;
use super::fetcher::{FetchedKeys, Fetcher};
use super::flight::{Boarding, Flights, Outcome, Sender, Waiter, interrupted};
use super::settings::{MIN_TTL, Policy, RETRY_PAUSE};
use crate::keys::{KeyLookup, KeySet, KeySource};

/// The keys of an issuer as its server has them; clones are one. See the [module's docs](super).
#[derive(Clone)]
pub struct RemoteKeySet(Arc<Shared>);

struct Shared {
    fetcher: Fetcher,
    policy: Policy,
    clock: Clock,
    snapshot: ArcSwapOption<Snapshot>,
    flights: Flights,
    seats: Arc<Semaphore>,
}

struct Snapshot {
    keys: KeySet,
    /// When the fetch began: what the server changed after that is not in here.
    asked: Instant,
    ttl: Duration,
}

impl RemoteKeySet {
    pub(super) fn new(fetcher: Fetcher, policy: Policy, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            fetcher,
            policy,
            clock,
            snapshot: ArcSwapOption::empty(),
            flights: Flights::default(),
            seats: Arc::new(Semaphore::new(policy.max_waiters.min(Semaphore::MAX_PERMITS))),
        }))
    }

    /// Fetches the keys if there are none that can be used, so that the first request need not wait. A server is
    /// ready without it, and a failure is no reason not to start. Needs a tokio runtime.
    ///
    /// # Errors
    /// Why they could not be fetched.
    pub async fn prefetch(&self) -> Result<(), Arc<RemoteError>> {
        let now = self.0.clock.monotonic();
        if self.0.usable(now).is_some() {
            return Ok(());
        }
        let mut waiter = match self.0.flights.board(now, |_| Duration::ZERO) {
            Boarding::Joined(waiter) => waiter,
            Boarding::Starting(sender, waiter) => {
                self.0.take_off(sender);
                waiter
            }
            Boarding::Pausing { failure, .. } => return failure.map_or(Ok(()), Err),
        };
        match waiter.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(interrupted),
            Err(_) => interrupted(),
        }
    }

    /// Whether there are keys that can be used now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.usable(self.0.clock.monotonic()).is_some()
    }
}

impl KeySource for RemoteKeySet {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        let shared = &self.0;
        let now = shared.clock.monotonic();
        let Some(snapshot) = shared.usable(now) else {
            // After a success the keys were too old at once: that pause is the cool-down's.
            let pause = |failed| if failed { RETRY_PAUSE } else { shared.policy.cooldown };
            return match shared.flights.board(now, pause) {
                Boarding::Pausing { remaining, failure } => Step::Done(Err(unavailable(remaining, failure))),
                boarding => shared.wait(kid, boarding),
            };
        };
        if now.saturating_duration_since(snapshot.asked) >= snapshot.ttl {
            shared.refresh(now);
        }
        if kid.is_none_or(|kid| snapshot.keys.knows(kid)) {
            return Step::Done(Ok(snapshot.keys.lookup(kid)));
        }
        // A2.15: one fetch per cool-down, whatever the names.
        match shared.flights.board(now, |_| shared.policy.cooldown) {
            Boarding::Pausing { remaining, failure: Some(failure) } => {
                Step::Done(Err(unavailable(remaining, Some(failure))))
            }
            Boarding::Pausing { failure: None, .. } => Step::Done(Ok(snapshot.keys.lookup(kid))),
            boarding => shared.wait(kid, boarding),
        }
    }

    fn current(&self) -> Option<KeySet> {
        self.0.snapshot.load().as_ref().map(|snapshot| snapshot.keys.clone())
    }
}

impl Shared {
    /// The keys, unless they are too old.
    fn usable(&self, now: Instant) -> Option<Arc<Snapshot>> {
        let snapshot = self.snapshot.load();
        let age = now.saturating_duration_since(snapshot.as_ref()?.asked);
        if age < self.policy.max_age { arc_swap::Guard::into_inner(snapshot) } else { None }
    }

    /// Begins a fetch in the background if none is in progress and the cool-down is over.
    fn refresh(self: &Arc<Self>, now: Instant) {
        if let Boarding::Starting(sender, _) = self.flights.board(now, |_| self.policy.cooldown) {
            self.take_off(sender);
        }
    }

    /// Makes the fetch in a task of its own, so that no waiter that goes away ends it.
    fn take_off(self: &Arc<Self>, sender: Sender) {
        let flight = Flight { shared: Arc::clone(self), sender, outcome: None };
        // Without a runtime the flight ends here, interrupted.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(flight.run());
        }
    }

    /// Waits for the fetch, within the bounds on time and number.
    fn wait(self: &Arc<Self>, kid: Option<&str>, boarding: Boarding) -> Step<Result<KeyLookup, Denial>> {
        let waiter = match boarding {
            Boarding::Joined(waiter) => waiter,
            Boarding::Starting(sender, waiter) => {
                self.take_off(sender);
                waiter
            }
            Boarding::Pausing { remaining, failure } => {
                return Step::Done(Err(unavailable(remaining, failure)));
            }
        };
        let Ok(seat) = Arc::clone(&self.seats).try_acquire_owned() else {
            let denial = unavailable(RETRY_PAUSE, None);
            return Step::Done(Err(denial.explained("too many requests wait for the issuer's keys")));
        };
        let (shared, kid) = (Arc::clone(self), kid.map(Box::<str>::from));
        Step::wait(async move {
            let outcome = shared.outcome(waiter).await;
            drop(seat);
            outcome?;
            let snapshot = shared.usable(shared.clock.monotonic());
            snapshot
                .map(|found| found.keys.lookup(kid.as_deref()))
                .ok_or_else(|| unavailable(RETRY_PAUSE, None))
        })
    }

    async fn outcome(&self, mut waiter: Waiter) -> Result<(), Denial> {
        match tokio::time::timeout(self.policy.wait, waiter.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => match outcome.as_ref() {
                Some(Err(failure)) => Err(unavailable(RETRY_PAUSE, Some(Arc::clone(failure)))),
                _ => Ok(()),
            },
            Ok(Err(_)) => Err(unavailable(RETRY_PAUSE, interrupted().err())),
            Err(_) => {
                Err(unavailable(RETRY_PAUSE, None)
                    .explained("the issuer's keys did not come within the wait"))
            }
        }
    }

    fn keep(&self, asked: Instant, fetched: FetchedKeys) {
        // A13.5: `max-age` counts within our own bounds.
        let ttl = fetched.fresh_for.map_or(self.policy.ttl, |age| age.clamp(MIN_TTL, self.policy.ttl));
        self.snapshot.store(Some(Arc::new(Snapshot { keys: fetched.keys, asked, ttl })));
    }
}

/// A fetch in progress. It lands when it is dropped, also when its runtime ends or it panics.
struct Flight {
    shared: Arc<Shared>,
    sender: Sender,
    outcome: Option<Outcome>,
}

impl Flight {
    async fn run(mut self) {
        let asked = self.shared.clock.monotonic();
        let fetched = self.shared.fetcher.fetch().await;
        self.outcome = Some(fetched.map(|keys| self.shared.keep(asked, keys)).map_err(Arc::new));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let outcome = self.outcome.take().unwrap_or_else(interrupted);
        self.shared.flights.land(self.shared.clock.monotonic(), &self.sender, outcome);
    }
}

/// 503, never 401: a failure of the issuer's server says nothing about the token.
fn unavailable(retry_after: Duration, failure: Option<Arc<RemoteError>>) -> Denial {
    let denial = Denial::new(Reason::KeySetUnavailable).retry_after(retry_after);
    match failure {
        Some(failure) => denial.explained(failure.to_string()).caused_by(failure),
        None => denial,
    }
}

impl fmt::Debug for RemoteKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeySet")
            .field("keys", &self.current().map(|keys| keys.len()))
            .field("policy", &self.0.policy)
            .finish_non_exhaustive()
    }
}
