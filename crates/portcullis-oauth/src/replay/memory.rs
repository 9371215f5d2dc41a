//! `MemoryReplay`: the store.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portcullis_core::{Clock, ConfigCode, ConfigError, ReplayOutcome, ReplayStore, Step, StoreError};

use super::shard::{Name, Shard, Verdict};

/// How many values are remembered altogether, unless said otherwise. They take about 150 octets each.
pub const DEFAULT_CAPACITY: usize = 100_000;

/// How many values are remembered of one owner, unless said otherwise.
///
/// A proof is kept for as long as it could be used: 36 seconds by default, so that one key may send some 27 requests a
/// second, and all keys 2,700. With nonces it is up to 246 seconds, hence 4 and 400. Who needs more asks for more room
/// ([`MemoryReplay::with_room_for`]); beyond it the answer is 503, never a pass.
pub const DEFAULT_PER_OWNER: usize = 1_000;

/// A power of two. All values of one owner are in one shard, so that they can be counted under its lock.
const SHARDS: usize = 16;

/// Remembers one-time values in this process, for as long as they could be used again.
///
/// Nothing is ever thrown away to make room: a store that is full, or full for one owner, says so. Values are kept as
/// keyed hashes of 128 bits.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis_core::{Clock, ReplayOutcome, ReplayStore};
/// use portcullis_oauth::replay::MemoryReplay;
///
/// let store = MemoryReplay::new(Clock::system());
/// let mut outcome = || store.remember(b"alice", b"value", Duration::from_secs(30)).done().unwrap().unwrap();
/// assert_eq!(outcome(), ReplayOutcome::Fresh);
/// assert_eq!(outcome(), ReplayOutcome::Replayed);
/// ```
///
/// Customised: one store for the proofs of several schemes, with more room for each client. Refused: what has no room,
/// with 503, since it could be used again.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use portcullis_core::{Clock, ReplayOutcome, ReplayStore};
/// use portcullis_oauth::Dpop;
/// use portcullis_oauth::replay::MemoryReplay;
///
/// let store = Arc::new(MemoryReplay::new(Clock::system()).with_room_for(500_000, 5_000)?);
/// let dpop = Dpop::new().replay(store.clone());
/// # let _ = dpop;
///
/// let small = MemoryReplay::new(Clock::system()).with_room_for(2, 1)?;
/// let outcome = |owner, value| small.remember(owner, value, Duration::from_secs(30)).done().unwrap().unwrap();
/// assert_eq!(outcome(b"alice", b"first"), ReplayOutcome::Fresh);
/// assert_eq!(outcome(b"alice", b"second"), ReplayOutcome::Full);
/// assert_eq!(outcome(b"bob!!", b"second"), ReplayOutcome::Fresh);
/// assert!(MemoryReplay::new(Clock::system()).with_room_for(0, 1).is_err());
/// # Ok::<(), portcullis_core::ConfigError>(())
/// ```
pub struct MemoryReplay {
    shards: [Mutex<Shard>; SHARDS],
    count: AtomicUsize,
    capacity: usize,
    per_owner: usize,
    seeds: [RandomState; 2],
    clock: Clock,
    opened: Instant,
}

impl MemoryReplay {
    /// A store of [`DEFAULT_CAPACITY`] values, [`DEFAULT_PER_OWNER`] of one owner.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            shards: Default::default(),
            count: AtomicUsize::new(0),
            capacity: DEFAULT_CAPACITY,
            per_owner: DEFAULT_PER_OWNER,
            seeds: [RandomState::new(), RandomState::new()],
            opened: clock.monotonic(),
            clock,
        }
    }

    /// Sets how many values are remembered altogether, and of one owner.
    ///
    /// # Errors
    /// [`ConfigCode::DpopOutOfRange`] if either is zero.
    pub fn with_room_for(self, capacity: usize, per_owner: usize) -> Result<Self, ConfigError> {
        if capacity == 0 || per_owner == 0 {
            let message = "a store of one-time values has no room, so that every value would be refused";
            return Err(ConfigError::new(ConfigCode::DpopOutOfRange, message));
        }
        Ok(Self { capacity, per_owner, ..self })
    }

    /// How many values are remembered now, also such as could be forgotten.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether no value is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn remember_now(&self, owner: &[u8], value: &[u8], keep: Duration) -> ReplayOutcome {
        let now = nanoseconds(self.clock.monotonic().saturating_duration_since(self.opened));
        let until = now.saturating_add(nanoseconds(keep));
        let (owner, value) = (self.name(owner), self.name((owner, value)));
        let Some(shard) = self.shards.get(owner.first() % SHARDS) else { return ReplayOutcome::Full };
        let insert = || {
            let mut shard = lock(shard);
            self.forget(&mut shard, now);
            shard.insert(owner, value, until, self.per_owner, || self.take_room())
        };
        match insert() {
            Verdict::NoRoom => {}
            Verdict::Is(outcome) => return outcome,
        }
        // Others may hold what could be forgotten.
        for shard in &self.shards {
            self.forget(&mut lock(shard), now);
        }
        match insert() {
            Verdict::NoRoom => ReplayOutcome::Full,
            Verdict::Is(outcome) => outcome,
        }
    }

    fn forget(&self, shard: &mut Shard, now: u64) {
        let forgotten = shard.forget(now);
        if forgotten > 0 {
            self.count.fetch_sub(forgotten, Ordering::Relaxed);
        }
    }

    fn take_room(&self) -> bool {
        let more = |count: usize| (count < self.capacity).then_some(count + 1);
        self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn name(&self, what: impl Hash) -> Name {
        let [one, two] = &self.seeds;
        Name::new(one.hash_one(&what), two.hash_one(&what))
    }
}

impl ReplayStore for MemoryReplay {
    fn remember(
        &self,
        owner: &[u8],
        value: &[u8],
        keep: Duration,
    ) -> Step<Result<ReplayOutcome, StoreError>> {
        Step::Done(Ok(self.remember_now(owner, value, keep)))
    }
}

impl fmt::Debug for MemoryReplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplay")
            .field("len", &self.len())
            .field("capacity", &self.capacity)
            .field("per_owner", &self.per_owner)
            .finish_non_exhaustive()
    }
}

/// Half a millennium is enough.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A panic while the lock was held leaves at most one value that is counted and not remembered.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
