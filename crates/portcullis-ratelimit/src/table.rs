//! The bounded store: a table of fixed size, without sweeps.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;

use crate::budget::{Action, Probe};

/// How many keys a limit has room for, unless said otherwise: 2.6 MB.
pub const DEFAULT_CAPACITY: usize = 100_000;

/// The most keys that a limit can have room for: 6.9 GB.
pub const MAX_CAPACITY: usize = 1 << 28;

/// Ten keys to a set make it two cache lines long.
const WAYS: usize = 10;

/// Buckets of keys, in sets of ten; a key's hash selects its set.
///
/// What is kept of a key is 32 bits of its hash and when its bucket will be full again. Two keys that agree in
/// the set and those 32 bits share a bucket; with a secret seed nobody can look for one. A bucket that is full
/// needs no memory: its slot is as good as empty. A new key takes the slot whose bucket is full, or will be
/// first. So a client that is deep in debt stays, and cannot wash itself clean by a flood of fresh keys.
///
/// The table is made for twice its capacity: when so many random keys are in use at once, fewer than one in a
/// hundred shares a set with more than nine others.
pub(crate) struct Table {
    sets: Box<[Set]>,
}

#[derive(Default)]
#[repr(align(64))]
struct Set(Mutex<Ways>);

#[derive(Default)]
struct Ways {
    /// The low half of the hash.
    tags: [u32; WAYS],
    /// When the bucket will be full, in nanoseconds of the limiter's time (GCRA's theoretical arrival time).
    /// Zero: the slot is empty.
    full_at: [u64; WAYS],
}

impl Table {
    pub(crate) fn new(capacity: usize) -> Self {
        let sets = capacity.saturating_mul(2).div_ceil(WAYS).max(1);
        Self { sets: (0..sets).map(|_| Set::default()).collect() }
    }

    /// How much memory the table takes, now and always.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.sets.as_ref())
    }

    /// Calls back with the key's slot, or the one that it may take, and whether the slot is the key's.
    ///
    /// The slot is the key's afterwards.
    fn with_slot<T>(&self, hash: u64, f: impl FnOnce(&mut u64, bool) -> T) -> T {
        // A panic while the lock was held leaves numbers that are still buckets.
        let mut ways = self.set(hash).0.lock().unwrap_or_else(PoisonError::into_inner);
        ways.with_slot(tag(hash), f)
    }

    #[expect(clippy::indexing_slicing, reason = "the index is below the length by construction")]
    fn set(&self, hash: u64) -> &Set {
        // INVARIANT: hash < 2^64, so hash * length / 2^64 < length, and there is at least one set.
        let index = (u128::from(hash) * self.sets.len() as u128) >> 64;
        &self.sets[index as usize]
    }
}

impl Ways {
    #[expect(clippy::indexing_slicing, reason = "both indices come from arrays of the same length")]
    fn with_slot<T>(&mut self, tag: u32, f: impl FnOnce(&mut u64, bool) -> T) -> T {
        // INVARIANT: `held` and `vacated` are below WAYS, the length of both arrays.
        let held = (0..WAYS).find(|&way| self.tags[way] == tag && self.full_at[way] != 0);
        if let Some(held) = held {
            return f(&mut self.full_at[held], true);
        }
        let vacated = (1..WAYS).fold(0, |v, way| if self.full_at[way] < self.full_at[v] { way } else { v });
        let mut full_at = 0;
        let answer = f(&mut full_at, false);
        if full_at != 0 {
            self.tags[vacated] = tag;
            self.full_at[vacated] = full_at;
        }
        answer
    }
}

impl StateStore for Table {
    type Key = Probe;

    fn measure_and_replace<T, F, E>(&self, probe: &Probe, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.with_slot(probe.hash, |full_at, known| {
            let decided = decide(known.then(|| Nanos::new(*full_at)));
            match (probe.action, &decided) {
                (Action::Take, Ok((_, after))) => *full_at = after.as_u64(),
                (Action::GiveBack(weight), _) => *full_at = full_at.saturating_sub(weight),
                (Action::Take | Action::Look, _) => {}
            }
            probe.full_at.set(*full_at);
            decided.map(|(answer, _)| answer)
        })
    }
}

fn tag(hash: u64) -> u32 {
    hash as u32
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("slots", &(self.sets.len() * WAYS)).finish_non_exhaustive()
    }
}
