//! Names of keys for which a fetch brought nothing, remembered for a short time.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many names are remembered. Names that share a place replace each other: forgetting one costs no more than
/// a wish for a fetch.
pub(super) const MAX_ABSENT: usize = 256;

/// What was missed: tokens choose the name, so only a keyed hash of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Missed<'a> {
    /// A key of that name.
    Key(Option<&'a str>),
    /// Another key than the known ones of that name, which do not verify.
    OtherKey(Option<&'a str>),
}

pub(super) struct Absent {
    lasts: Duration,
    seed: RandomState,
    /// Empty until the first name.
    places: Mutex<Vec<Option<Entry>>>,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    /// When the fetch began that did not bring it.
    asked: Instant,
}

impl Absent {
    pub(super) fn new(lasts: Duration) -> Self {
        Self { lasts, seed: RandomState::new(), places: Mutex::new(Vec::new()) }
    }

    pub(super) fn remember(&self, missed: Missed<'_>, asked: Instant) {
        let hash = self.seed.hash_one(missed);
        let mut places = self.places();
        if places.is_empty() {
            places.resize(MAX_ABSENT, None);
        }
        if let Some(place) = places.get_mut(place_of(hash)) {
            *place = Some(Entry { hash, asked });
        }
    }

    /// Whether a fetch that began a short while ago did not bring it.
    pub(super) fn holds(&self, missed: Missed<'_>, now: Instant) -> bool {
        let hash = self.seed.hash_one(missed);
        let places = self.places();
        let entry = places.get(place_of(hash)).copied().flatten();
        entry.is_some_and(|entry| {
            entry.hash == hash && now.saturating_duration_since(entry.asked) < self.lasts
        })
    }

    fn places(&self) -> MutexGuard<'_, Vec<Option<Entry>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place_of(hash: u64) -> usize {
    usize::try_from(hash % MAX_ABSENT as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use portcullis_core::Clock;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn remembers_a_name_for_its_time_and_not_a_moment_longer() {
        let (absent, now) = (Absent::new(30 * SECOND), Clock::system().monotonic());
        assert!(!absent.holds(Missed::Key(Some("a")), now));
        absent.remember(Missed::Key(Some("a")), now);
        assert!(absent.holds(Missed::Key(Some("a")), now + 29 * SECOND));
        assert!(!absent.holds(Missed::Key(Some("a")), now + 30 * SECOND));
        for other in [Missed::Key(Some("b")), Missed::Key(None), Missed::OtherKey(Some("a"))] {
            assert!(!absent.holds(other, now), "{other:?}");
        }
    }

    #[test]
    fn a_flood_of_names_takes_no_more_room() {
        let (absent, now) = (Absent::new(30 * SECOND), Clock::system().monotonic());
        for n in 0..MAX_ABSENT * 100 {
            absent.remember(Missed::Key(Some(&format!("junk-{n}"))), now);
        }
        assert_eq!(absent.places().len(), MAX_ABSENT);
        absent.remember(Missed::Key(Some("last")), now);
        assert!(absent.holds(Missed::Key(Some("last")), now));
    }
}
