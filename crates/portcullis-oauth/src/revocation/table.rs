//! The entries, in parts that are locked one by one.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use smallvec::SmallVec;

/// In how many parts the table is; a power of two.
const PARTS: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Session,
    Subject,
    Token,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key<'k> {
    pub(super) kind: Kind,
    pub(super) issuer: &'k str,
    pub(super) id: &'k str,
}

/// Times in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    /// Until when the entry is kept.
    pub(super) until: u64,
    /// Of a subject: up to when its tokens were issued.
    pub(super) issued_until: u64,
}

pub(super) struct Table {
    /// Seeded, so that nobody can choose identifiers that fall together.
    hasher: RandomState,
    parts: [RwLock<Part>; PARTS],
    /// How many entries there are of each kind: a kind without any is not looked for.
    counts: [AtomicUsize; 3],
    /// Held by whoever writes: when the next entry may be forgotten.
    writer: Mutex<u64>,
}

/// By the hash of the key; entries of equal hashes are told apart by comparing the keys.
type Part = HashMap<u64, SmallVec<[Entry; 1]>, BuildHasherDefault<AlreadyHashed>>;

struct Entry {
    kind: Kind,
    issuer: Box<str>,
    id: Box<str>,
    until: Until,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            parts: std::array::from_fn(|_| RwLock::default()),
            counts: std::array::from_fn(|_| AtomicUsize::new(0)),
            writer: Mutex::new(u64::MAX),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.counts.iter().map(|count| count.load(Ordering::Acquire)).sum()
    }

    pub(super) fn find(&self, key: Key<'_>) -> Option<Until> {
        if self.count(key.kind).load(Ordering::Acquire) == 0 {
            return None;
        }
        let hash = self.hasher.hash_one(key);
        let part = self.part(hash).read().unwrap_or_else(PoisonError::into_inner);
        part.get(&hash)?.iter().find(|entry| entry.is(key)).map(|entry| entry.until)
    }

    /// Enters the key, or makes its times longer. `false`: there is no room, and nothing that may be forgotten.
    pub(super) fn insert(&self, key: Key<'_>, until: Until, max_entries: usize, now: u64) -> bool {
        let mut next_end = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = self.hasher.hash_one(key);
        if self.extend(hash, key, until) {
            return true;
        }
        if self.len() >= max_entries && *next_end <= now {
            *next_end = self.forget(now);
        }
        if self.len() >= max_entries {
            return false;
        }
        *next_end = until.until.min(*next_end);
        let entry = Entry { kind: key.kind, issuer: key.issuer.into(), id: key.id.into(), until };
        // Counted first: a question must never skip what is there.
        self.count(key.kind).fetch_add(1, Ordering::Release);
        self.part(hash).write().unwrap_or_else(PoisonError::into_inner).entry(hash).or_default().push(entry);
        true
    }

    fn extend(&self, hash: u64, key: Key<'_>, until: Until) -> bool {
        let mut part = self.part(hash).write().unwrap_or_else(PoisonError::into_inner);
        let found = part.get_mut(&hash).and_then(|all| all.iter_mut().find(|entry| entry.is(key)));
        let Some(entry) = found else { return false };
        entry.until.until = entry.until.until.max(until.until);
        entry.until.issued_until = entry.until.issued_until.max(until.issued_until);
        true
    }

    /// Removes what has ended, and says when the next does.
    fn forget(&self, now: u64) -> u64 {
        let mut next_end = u64::MAX;
        for part in &self.parts {
            let mut part = part.write().unwrap_or_else(PoisonError::into_inner);
            part.retain(|_, entries| {
                entries.retain(|entry| {
                    let kept = entry.until.until > now;
                    if kept {
                        next_end = next_end.min(entry.until.until);
                    } else {
                        self.count(entry.kind).fetch_sub(1, Ordering::Release);
                    }
                    kept
                });
                !entries.is_empty()
            });
        }
        next_end
    }

    fn count(&self, kind: Kind) -> &AtomicUsize {
        let [sessions, subjects, tokens] = &self.counts;
        match kind {
            Kind::Session => sessions,
            Kind::Subject => subjects,
            Kind::Token => tokens,
        }
    }

    fn part(&self, hash: u64) -> &RwLock<Part> {
        // The upper bits: the lower ones choose the place in the part. Never out of range, by the mask.
        let [first, ..] = &self.parts;
        self.parts.get((hash >> 32) as usize & (PARTS - 1)).unwrap_or(first)
    }
}

impl Entry {
    fn is(&self, key: Key<'_>) -> bool {
        self.kind == key.kind && *self.id == *key.id && *self.issuer == *key.issuer
    }
}

/// Takes a number that is a hash already for the hash.
#[derive(Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        // Only `u64` is hashed here; anything else is mixed in as well as it goes.
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
