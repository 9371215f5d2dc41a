//! What an engine said a short while ago.

use std::hash::RandomState;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use portcullis_core::{Clock, Decision};
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

/// How long decisions are remembered, and how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lives {
    pub(crate) allowed: Duration,
    pub(crate) refused: Duration,
    pub(crate) max_entries: usize,
    pub(crate) max_octets: usize,
}

/// What a question of the usual size is reckoned at.
const USUAL_OCTETS: usize = 512;

/// What an entry takes besides its question and its detail.
const ENTRY_OCTETS: usize = 256;

/// The whole question is the key, so that no other question ever gets its answer; the hash has a seed of its own.
pub(crate) struct Memory {
    decisions: Cache<Bytes, Arc<Remembered>, Weight, RandomState>,
    lives: Lives,
    clock: Clock,
    times_forgotten: AtomicU64,
}

struct Remembered {
    decision: Decision,
    /// When the engine was asked: what changed there after that is not in here.
    asked: Instant,
}

/// Octets, but so many at least that the number is bounded too.
#[derive(Clone)]
struct Weight {
    least: u64,
}

impl Weighter<Bytes, Arc<Remembered>> for Weight {
    fn weight(&self, question: &Bytes, remembered: &Arc<Remembered>) -> u64 {
        let detail = remembered.decision.detail().map_or(0, str::len);
        ((question.len() + detail + ENTRY_OCTETS) as u64).max(self.least)
    }
}

impl Memory {
    pub(crate) fn new(lives: Lives, clock: Clock) -> Self {
        let (entries, octets) = (lives.max_entries.max(1), lives.max_octets.max(1) as u64);
        let least = octets.div_ceil(entries as u64);
        // By this the cache is divided into parts: a part must hold several decisions.
        let expected = entries.min(lives.max_octets / USUAL_OCTETS + 1);
        let (weight, hashing) = (Weight { least }, RandomState::new());
        let decisions = Cache::with(expected, octets, weight, hashing, DefaultLifecycle::default());
        Self { decisions, lives, clock, times_forgotten: AtomicU64::new(0) }
    }

    /// A decision that counts now.
    pub(crate) fn fresh(&self, question: &Bytes) -> Option<Decision> {
        let remembered = self.decisions.get(question)?;
        let age = self.clock.monotonic().saturating_duration_since(remembered.asked);
        (age < self.life(&remembered.decision)).then(|| remembered.decision.clone())
    }

    /// Takes the newest decision in place of any other, unless all was forgotten since it was asked for.
    pub(crate) fn keep(&self, question: &Bytes, asked: Instant, times_forgotten: u64, decision: &Decision) {
        // A heavier decision than the whole memory is not kept; then no older one may stay.
        self.decisions.remove(question);
        if self.life(decision).is_zero() || self.times_forgotten() != times_forgotten {
            return;
        }
        self.decisions.insert(question.clone(), Arc::new(Remembered { decision: decision.clone(), asked }));
        if self.times_forgotten() != times_forgotten {
            self.decisions.remove(question);
        }
    }

    /// Lets go of what was said before, where what is said now is not kept.
    pub(crate) fn drop_older(&self, question: &Bytes) {
        self.decisions.remove(question);
    }

    /// How often all was forgotten: what the engine said before the last time may be of a policy that is gone.
    pub(crate) fn times_forgotten(&self) -> u64 {
        self.times_forgotten.load(Ordering::SeqCst)
    }

    pub(crate) fn clear(&self) {
        // Counted first: what is kept meanwhile is either dropped here or sees the count.
        self.times_forgotten.fetch_add(1, Ordering::SeqCst);
        self.decisions.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.decisions.len()
    }

    fn life(&self, decision: &Decision) -> Duration {
        if decision.is_allowed() { self.lives.allowed } else { self.lives.refused }
    }
}
