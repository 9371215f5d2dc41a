//! The tokens themselves, within their bounds.

use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use portcullis_core::Secret;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use super::recognition::{Recognition, Sight};
use super::settings::Form;
use crate::jwt::Rules;
use crate::keys::VerifyingKey;
use crate::token::Verified;

/// What the table takes for each entry at most: place, pointer and bookkeeping, in tables that double as they grow and
/// that keep the places of some tokens that left.
const TABLE_OCTETS: usize = 3 * (size_of::<u64>() + size_of::<Arc<()>>() + 21);

/// The counters of an [`Arc`].
const COUNTERS: usize = 2 * size_of::<usize>();

/// What one part of the table holds at least, so that every token that is read at all fits.
const MIN_PART_OCTETS: usize = 64 * 1024;

/// In how many parts the table lies, so that a hit waits for nobody but those who change the same part.
const MAX_PARTS: usize = 16;

/// A token that was verified: what it says, by which key, and whose token it is.
pub(crate) struct Remembered {
    pub(crate) verified: Verified,
    pub(crate) key: VerifyingKey,
    pub(crate) rules: Arc<Rules>,
    /// The token, or its hash.
    kept: Secret,
    octets: u32,
}

/// The tokens of one scheme that were verified.
pub(crate) struct TokenCache {
    recognition: Recognition,
    entries: Cache<u64, Arc<Remembered>, Weight, Place>,
}

impl TokenCache {
    /// A cache of at most so many tokens that take at most so many octets; `None` if the system has no randomness.
    pub(super) fn new(form: Form, max_tokens: usize, max_octets: usize) -> Option<Self> {
        // One bound serves for both: a token weighs what it takes, and so much at least that one more than the limit
        // would not fit.
        let least = max_octets / max_tokens.saturating_add(1) + 1;
        let parts = (max_octets / MIN_PART_OCTETS).clamp(1, MAX_PARTS);
        let parts = 1 << parts.ilog2();
        let options = OptionsBuilder::new()
            .shards(parts)
            .estimated_items_capacity(max_tokens)
            .weight_capacity(max_octets as u64)
            .build()
            .ok()?;
        let weight = Weight { least: least as u64 };
        let entries = Cache::with_options(options, weight, Place::default(), DefaultLifecycle::default());
        Some(Self { recognition: Recognition::new(form)?, entries })
    }

    /// The token as it was verified, if it was and is still remembered.
    #[inline]
    pub(crate) fn find(&self, token: &[u8]) -> Option<Arc<Remembered>> {
        self.at(&self.recognition.look(token))
    }

    #[inline]
    pub(super) fn at(&self, sight: &Sight<'_>) -> Option<Arc<Remembered>> {
        self.entries.get(&sight.place).filter(|entry| entry.is(sight))
    }

    /// Remembers that the key verified the token.
    pub(crate) fn keep(
        &self,
        token: &[u8],
        verified: Verified,
        key: VerifyingKey,
        rules: Arc<Rules>,
    ) -> Arc<Remembered> {
        let sight = self.recognition.look(token);
        let kept = sight.keep();
        let octets =
            TABLE_OCTETS + COUNTERS + size_of::<Remembered>() + kept.expose().len() + verified.octets();
        let octets = u32::try_from(octets).unwrap_or(u32::MAX);
        let entry = Arc::new(Remembered { verified, key, rules, kept, octets });
        self.entries.insert(sight.place, Arc::clone(&entry));
        entry
    }

    /// Forgets it; what came in its place meanwhile stays.
    pub(crate) fn forget(&self, entry: &Arc<Remembered>) {
        drop(self.entries.remove_if(&self.place(entry), |held| Arc::ptr_eq(held, entry)));
    }

    pub(super) fn place(&self, entry: &Remembered) -> u64 {
        self.recognition.place(entry.kept.expose())
    }

    /// How many tokens are remembered.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The memory that they are counted with.
    pub(super) fn octets(&self) -> u64 {
        self.entries.weight()
    }
}

impl Remembered {
    #[inline]
    pub(super) fn is(&self, sight: &Sight<'_>) -> bool {
        sight.is(&self.kept)
    }
}

/// Nothing of the token, and nothing of the caller.
impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").field("octets", &self.octets).finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("recognition", &self.recognition)
            .field("tokens", &self.len())
            .field("octets", &self.octets())
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Weight {
    least: u64,
}

impl Weighter<u64, Arc<Remembered>> for Weight {
    fn weight(&self, _: &u64, entry: &Arc<Remembered>) -> u64 {
        u64::from(entry.octets).max(self.least)
    }
}

/// A place is a hash already.
#[derive(Clone, Default)]
struct Place(u64);

impl BuildHasher for Place {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self::default()
    }
}

impl Hasher for Place {
    fn write(&mut self, octets: &[u8]) {
        self.0 = octets.iter().fold(self.0, |place, octet| place << 8 | u64::from(*octet));
    }

    fn write_u64(&mut self, place: u64) {
        self.0 = place;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
