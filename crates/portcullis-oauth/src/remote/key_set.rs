use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use portcullis_core::{Clock, Denial, Readiness, Step, Wait};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::absent::{Absent, Missed};
use super::due::Due;
use super::error::RemoteError;
use super::fetcher::{Fetch, Wish};
use super::flight::{Boarding, Flights, Outcome, Purpose, Sender, interrupted};
use super::policy::Policy;
use super::snapshot::Snapshot;
use super::upkeep;
use super::waiting::Looked;
use crate::bucket::Bucket;
use crate::keys::{KeyLookup, KeySet, KeySource, KeyStanding, VerifyingKey};

/// The keys of an issuer as its server has them; clones are one. See the [module's docs](super).
#[derive(Clone)]
pub struct RemoteKeySet(Arc<Shared>);

pub(super) struct Shared {
    issuer: Arc<str>,
    fetcher: Box<dyn Fetch>,
    pub(super) policy: Policy,
    clock: Clock,
    snapshot: ArcSwapOption<Snapshot>,
    /// When known keys are to be fetched anew.
    due: Due,
    pub(super) flights: Flights,
    pub(super) absent: Absent,
    pub(super) seats: Arc<Semaphore>,
}

impl RemoteKeySet {
    pub(super) fn new(issuer: Arc<str>, fetcher: Box<dyn Fetch>, policy: Policy, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            issuer,
            fetcher,
            policy,
            snapshot: ArcSwapOption::empty(),
            due: Due::new(clock.monotonic()),
            clock,
            flights: Flights::new(Bucket::new(policy.burst, policy.cooldown)),
            absent: Absent::new(policy.absence),
            seats: Arc::new(Semaphore::new(policy.max_waiters.min(Semaphore::MAX_PERMITS))),
        }))
    }

    /// Fetches the keys if there are none that can be used, so that the first request need not wait. A server is
    /// ready without it, and a failure is no reason not to start. Needs a tokio runtime.
    ///
    /// # Errors
    /// Why they could not be fetched.
    pub async fn prefetch(&self) -> Result<(), Arc<RemoteError>> {
        let now = self.0.now();
        if self.0.has_keys(now) {
            return Ok(());
        }
        let mut waiter = match self.0.flights.board(now, Purpose::Prefetch) {
            Boarding::Joined(waiter) => waiter,
            Boarding::Starting(sender, waiter) => {
                self.0.take_off(sender, Purpose::Prefetch);
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
        self.0.has_keys(self.0.now())
    }

    /// Fetches the keys at once and then ahead of their time, off the way of requests, with pauses after failures;
    /// it ends when nobody else holds the key set. Run it in a task: it needs a tokio runtime. Without it, requests
    /// set the refreshes off, and after a rest longer than [`DEFAULT_TTL`](super::DEFAULT_TTL) the first one is
    /// still answered with the keys that were known before.
    pub fn upkeep(&self) -> impl Future<Output = ()> + Send + 'static {
        upkeep::keep(Arc::downgrade(&self.0))
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl KeySource for RemoteKeySet {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        let shared = &self.0;
        let now = shared.now();
        let Some(found) = shared.read(now, |known| known.keys.lookup(kid)) else {
            let boarding = shared.flights.board(now, Purpose::Keys);
            return shared.wait(Purpose::Keys, boarding, Looked::find(kid));
        };
        shared.refresh_if_due(now);
        if !found.is_unknown() || shared.absent.holds(Missed::Key(kid), now) {
            return Step::Done(Ok(found));
        }
        match shared.flights.board(now, Purpose::MissedKey) {
            // The last fetch did not bring it, and the next may not begin yet.
            Boarding::Pausing { failure: None, .. } => Step::Done(Ok(found)),
            boarding => shared.wait(Purpose::MissedKey, boarding, Looked::find(kid)),
        }
    }

    fn current(&self) -> Option<KeySet> {
        self.0.snapshot.load().as_ref().map(|snapshot| snapshot.keys.clone())
    }

    fn standing(&self, key: &VerifyingKey) -> KeyStanding {
        let now = self.0.now();
        if self.0.read(now, |known| known.keys.holds(key)) != Some(true) {
            return KeyStanding::Ask;
        }
        self.0.refresh_if_due(now);
        KeyStanding::Current
    }

    fn look_again(&self, kid: Option<&str>, tried: &KeyLookup) -> Option<Step<Result<KeyLookup, Denial>>> {
        let shared = &self.0;
        let now = shared.now();
        let found = shared.read(now, |known| known.keys.lookup(kid))?;
        if !found.is_unknown() && !found.is_same_as(tried) {
            return Some(Step::Done(Ok(found)));
        }
        if shared.absent.holds(Missed::OtherKey(kid), now) {
            return None;
        }
        match shared.flights.board(now, Purpose::MissedKey) {
            // Known keys refuse the token, which stands whether or not the server can be asked.
            Boarding::Pausing { .. } => None,
            boarding => Some(shared.wait(Purpose::MissedKey, boarding, Looked::again(kid, tried))),
        }
    }

    fn may_be_due(&self) -> bool {
        self.0.due.remaining(self.0.now()).is_some_and(|remaining| remaining.is_zero())
    }

    fn refresh_if_due(&self) -> bool {
        self.0.refresh_if_due(self.0.now())
    }

    fn dependency(&self) -> Option<Arc<dyn Readiness>> {
        Some(Arc::new(self.clone()))
    }
}

impl Readiness for RemoteKeySet {
    fn name(&self) -> &str {
        &self.0.issuer
    }

    fn is_ready(&self) -> bool {
        Self::is_ready(self)
    }

    fn upkeep(&self) -> Option<Wait<()>> {
        Some(Box::pin(Self::upkeep(self)))
    }
}

impl Shared {
    pub(super) fn now(&self) -> Instant {
        self.clock.monotonic()
    }

    /// Reads the keys where they lie, unless they are too old.
    pub(super) fn read<T>(&self, now: Instant, read: impl FnOnce(&Snapshot) -> T) -> Option<T> {
        let snapshot = self.snapshot.load();
        let snapshot = snapshot.as_deref()?;
        let age = now.saturating_duration_since(snapshot.asked);
        (age < self.policy.max_age).then(|| read(snapshot))
    }

    fn has_keys(&self, now: Instant) -> bool {
        self.read(now, |_| ()).is_some()
    }

    /// Begins a fetch in the background if one is due and may begin: `true` if it did. Otherwise it costs one look at
    /// an atomic.
    pub(super) fn refresh_if_due(self: &Arc<Self>, now: Instant) -> bool {
        if !self.due.take(now) {
            return false;
        }
        match self.flights.board(now, Purpose::Refresh) {
            Boarding::Starting(sender, _) => {
                self.take_off(sender, Purpose::Refresh);
                return true;
            }
            // It says itself when the next one is due.
            Boarding::Joined(_) => {}
            Boarding::Pausing { remaining, .. } => self.due.set(now + remaining),
        }
        false
    }

    /// How long until a refresh is due; `None` while one is in progress.
    pub(super) fn next_refresh(&self, now: Instant) -> Option<Duration> {
        self.due.remaining(now)
    }

    /// Makes the fetch in a task of its own, so that no waiter that goes away ends it.
    pub(super) fn take_off(self: &Arc<Self>, sender: Sender, purpose: Purpose) {
        let flight = Flight { shared: Arc::clone(self), sender, purpose, outcome: None };
        // Without a runtime the flight ends here, interrupted.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(flight.run());
        }
    }

    async fn fetch(&self, purpose: Purpose) -> Result<(), RemoteError> {
        let asked = self.now();
        let known = self.snapshot.load_full();
        let wish = match (purpose, &known) {
            (Purpose::MissedKey, _) => Wish::Anew,
            (_, Some(known)) => known.wish(asked, &self.policy),
            (_, None) => Wish::Whole,
        };
        let answer = self.fetcher.fetch(wish).await?;
        let snapshot = Snapshot::of(answer, asked, known.as_deref(), &self.policy)?;
        self.snapshot.store(Some(Arc::new(snapshot)));
        Ok(())
    }
}

/// A fetch in progress. It lands when it is dropped, also when its runtime ends or it panics.
struct Flight {
    shared: Arc<Shared>,
    sender: Sender,
    purpose: Purpose,
    outcome: Option<Outcome>,
}

impl Flight {
    async fn run(mut self) {
        self.outcome = Some(self.shared.fetch(self.purpose).await.map_err(Arc::new));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let (shared, outcome) = (&self.shared, self.outcome.take().unwrap_or_else(interrupted));
        shared.flights.land(shared.now(), &self.sender, outcome, |retry_at| {
            let refresh_at = || shared.snapshot.load().as_ref().map(|snapshot| snapshot.refresh_at);
            if let Some(at) = retry_at.or_else(refresh_at) {
                shared.due.set(at);
            }
        });
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
