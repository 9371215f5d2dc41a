//! What the issuer said a short while ago.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_core::{Clock, Denial};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::call::Said;
use crate::token::Verified;

/// What stands for a token: its keyed hash.
pub(super) type TokenHash = [u8; 32];

/// How long answers are remembered, and how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lives {
    pub(super) active: Duration,
    pub(super) refused: Duration,
    /// How much longer, while the issuer cannot be asked.
    pub(super) stale: Duration,
    pub(super) max_entries: usize,
    pub(super) max_octets: usize,
}

/// What an answer of the usual size is reckoned at.
const USUAL_OCTETS: usize = 1024;

pub(super) struct Memory {
    answers: Cache<TokenHash, Arc<Remembered>, Weight>,
    lives: Lives,
    clock: Clock,
}

pub(super) struct Remembered {
    pub(super) answer: Result<Verified, Denial>,
    /// When the issuer was asked: what changed there after that is not in here.
    asked: Instant,
    octets: usize,
}

/// Octets, but so many at least that the number is bounded too.
#[derive(Clone)]
struct Weight {
    least: u64,
}

impl Weighter<TokenHash, Arc<Remembered>> for Weight {
    fn weight(&self, _: &TokenHash, remembered: &Arc<Remembered>) -> u64 {
        (remembered.octets as u64).max(self.least)
    }
}

impl Memory {
    pub(super) fn new(lives: Lives, clock: Clock) -> Self {
        let (entries, octets) = (lives.max_entries.max(1), lives.max_octets.max(1) as u64);
        let least = octets.div_ceil(entries as u64);
        // By this the cache is divided into parts: a part must hold several answers.
        let expected = entries.min(lives.max_octets / USUAL_OCTETS + 1);
        Self { answers: Cache::with_weighter(expected, octets, Weight { least }), lives, clock }
    }

    /// An answer that counts now.
    pub(super) fn fresh(&self, token: &TokenHash) -> Option<Arc<Remembered>> {
        let remembered = self.answers.get(token)?;
        let life = match &remembered.answer {
            Ok(_) => self.lives.active,
            Err(_) => self.lives.refused,
        };
        self.is_within(&remembered, life).then_some(remembered)
    }

    /// An answer that counts while the issuer cannot be asked.
    pub(super) fn stale(&self, token: &TokenHash) -> Option<Arc<Remembered>> {
        if self.lives.stale.is_zero() {
            return None;
        }
        let remembered = self.answers.get(token).filter(|remembered| remembered.answer.is_ok())?;
        let life = self.lives.active.saturating_add(self.lives.stale);
        self.is_within(&remembered, life).then_some(remembered)
    }

    /// Takes the newest answer in place of any other.
    pub(super) fn keep(&self, token: TokenHash, asked: Instant, said: &Said) {
        let life = if said.answer.is_ok() { self.lives.active } else { self.lives.refused };
        if life.is_zero() {
            // A4.5: not to be brought back by an outage.
            self.answers.remove(&token);
            return;
        }
        // The text, the claims that were read of it, and what holds them.
        let octets = said.octets.saturating_mul(3).saturating_add(512);
        let remembered = Remembered { answer: said.answer.clone(), asked, octets };
        // A heavier answer than the whole memory is not kept; then no older one may stay.
        self.answers.remove(&token);
        self.answers.insert(token, Arc::new(remembered));
    }

    pub(super) fn forget(&self, token: &TokenHash) {
        self.answers.remove(token);
    }

    /// How many answers are remembered, and how many octets they are reckoned at.
    pub(super) fn size(&self) -> (usize, u64) {
        (self.answers.len(), self.answers.weight())
    }

    /// A4.5, RFC 7662 §4: never beyond `exp`, whatever the leeway.
    fn is_within(&self, remembered: &Remembered, life: Duration) -> bool {
        let age = self.clock.monotonic().saturating_duration_since(remembered.asked);
        let ends = remembered.answer.as_ref().ok().and_then(Verified::expires);
        age < life && ends.is_none_or(|ends| self.clock.unix_time() < ends)
    }
}
