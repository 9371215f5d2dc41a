//! The keys as one fetch brought them.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use super::error::Kind;
use super::fetcher::{About, Answer, Wish};
use super::policy::Policy;
use crate::keys::{KeySet, VerifyingKey};

/// The keys are fetched anew when this part of their freshness has passed, in thousandths: a moment between the two,
/// so that many servers do not ask at once.
const REFRESH_AFTER: [u64; 2] = [700, 800];

pub(super) struct Snapshot {
    pub(super) keys: KeySet,
    /// When the fetch began: what the server changed after that is not in here.
    pub(super) asked: Instant,
    /// When the fetch began that brought the document itself, and not only the word that it has not changed.
    whole: Instant,
    pub(super) fresh_until: Instant,
    pub(super) refresh_at: Instant,
    about: About,
}

impl Snapshot {
    /// What the answer makes of the keys that are known.
    pub(super) fn of(
        answer: Answer,
        asked: Instant,
        known: Option<&Self>,
        policy: &Policy,
    ) -> Result<Self, Kind> {
        match answer {
            Answer::Keys(keys, about) => {
                // An older edition does not replace a newer one, unless it is all that is to be had.
                if known.is_some_and(|known| {
                    asked < known.fresh_until && about.edition.is_older_than(&known.about.edition)
                }) {
                    return Err(Kind::OlderEdition);
                }
                let keys = known.map_or_else(|| keys.clone(), |known| with_known_keys(&keys, &known.keys));
                Ok(Self::new(keys, asked, asked, about, policy))
            }
            Answer::Unchanged(answer) => {
                let known = known.ok_or(Kind::OtherEdition)?;
                let edition = known.about.edition.renewed_by(&answer.edition).ok_or(Kind::OtherEdition)?;
                let freshness = answer.freshness.or(known.about.freshness);
                let about = About { edition, freshness };
                Ok(Self::new(known.keys.clone(), asked, known.whole, about, policy))
            }
        }
    }

    fn new(keys: KeySet, asked: Instant, whole: Instant, about: About, policy: &Policy) -> Self {
        let fresh_for = about.freshness.within(policy.min_ttl, policy.ttl);
        let refresh_at = asked + refresh_after(fresh_for);
        Self { keys, asked, whole, fresh_until: asked + fresh_for, refresh_at, about }
    }

    /// How to ask for these keys once more. The document itself is asked for now and then, whatever its server
    /// says of it.
    pub(super) fn wish(&self, now: Instant, policy: &Policy) -> Wish {
        let is_recent = now.saturating_duration_since(self.whole) < policy.max_age;
        let etag = self.about.edition.etag.clone().filter(|_| is_recent);
        etag.map_or(Wish::Whole, Wish::UnlessStill)
    }
}

/// The set, with the keys that are known in place of those that are the same: what was verified with one stays
/// verified, and is told so by its address.
fn with_known_keys(set: &KeySet, known: &KeySet) -> KeySet {
    let same = |key: &VerifyingKey| known.keys().iter().find(|known| known.is_same_as(key)).cloned();
    KeySet::of(set.keys().iter().map(|key| same(key).unwrap_or_else(|| key.clone())))
}

fn refresh_after(fresh_for: Duration) -> Duration {
    let [earliest, latest] = REFRESH_AFTER;
    // The seed is a random one.
    let part = earliest + RandomState::new().hash_one(fresh_for) % (latest - earliest + 1);
    let millis = u64::try_from(fresh_for.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis.saturating_mul(part) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_of_a_refresh_differs_within_its_bounds() {
        let fresh_for = Duration::from_secs(1000);
        let moments: Vec<_> = (0..1000).map(|_| refresh_after(fresh_for)).collect();
        let (first, last) = (Duration::from_secs(700), Duration::from_secs(800));
        assert!(moments.iter().all(|moment| (first..=last).contains(moment)));
        // One of a hundred moments each: a thousand that are all the same do not happen.
        assert!(moments.iter().any(|moment| *moment != moments[0]));
    }
}
