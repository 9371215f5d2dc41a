//! Who is being served: a table of fixed size.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Seven keys to a set make it one cache line.
const WAYS: usize = 7;

/// How many requests of each key are in flight, in sets of seven; a key's hash selects its set.
///
/// What is kept of a key is 32 bits of its hash, as long as one of its requests is in flight. There is room for
/// twice as many keys as requests can be in flight, so fewer than one key in a hundred finds its set full, at the
/// very worst: when each request is that of another key. Nobody counts its requests then, but all of them are
/// among the total.
pub(super) struct Places {
    sets: Box<[Set]>,
}

#[derive(Default)]
#[repr(align(64))]
struct Set(Mutex<[Place; WAYS]>);

/// The place is free if it counts nothing.
#[derive(Clone, Copy, Default)]
struct Place {
    /// The low half of the hash.
    tag: u32,
    requests: u32,
}

/// What came of a request for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is among those of its key: so many are in flight now.
    Counted(u32),
    /// As many as the key may have are in flight.
    Full,
    /// The set has no room for another key.
    Uncounted,
}

impl Places {
    /// For so many requests in flight.
    pub(super) fn new(total: u32) -> Self {
        let sets = (total as usize).saturating_mul(2).div_ceil(WAYS).max(1);
        Self { sets: (0..sets).map(|_| Set::default()).collect() }
    }

    /// Counts one more request of the key, unless that would be more than so many.
    pub(super) fn take(&self, hash: u64, at_most: u32) -> Taken {
        let mut places = self.set(hash);
        let Some(place) = find(places.as_mut_slice(), hash) else { return Taken::Uncounted };
        if place.requests >= at_most {
            return Taken::Full;
        }
        *place = Place { tag: tag(hash), requests: place.requests + 1 };
        Taken::Counted(place.requests)
    }

    /// Counts one request of the key less; it was [`Taken::Counted`].
    pub(super) fn give_back(&self, hash: u64) {
        if let Some(place) = find(self.set(hash).as_mut_slice(), hash) {
            place.requests = place.requests.saturating_sub(1);
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.sets.as_ref())
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.sets.iter().all(|set| set.0.lock().unwrap().iter().all(|place| place.requests == 0))
    }

    #[expect(clippy::indexing_slicing, reason = "the index is below the length by construction")]
    fn set(&self, hash: u64) -> MutexGuard<'_, [Place; WAYS]> {
        // INVARIANT: hash < 2^64, so hash * length / 2^64 < length, and there is at least one set.
        let index = (u128::from(hash) * self.sets.len() as u128) >> 64;
        // A panic while the lock was held leaves numbers that are still counts.
        self.sets[index as usize].0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of the key, or else a free one.
fn find(places: &mut [Place], hash: u64) -> Option<&mut Place> {
    let held = places.iter().position(|place| place.requests > 0 && place.tag == tag(hash));
    let position = held.or_else(|| places.iter().position(|place| place.requests == 0))?;
    places.get_mut(position)
}

fn tag(hash: u64) -> u32 {
    hash as u32
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").field("places", &(self.sets.len() * WAYS)).finish_non_exhaustive()
    }
}
