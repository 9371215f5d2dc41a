//! Remembers right passwords for a while, if asked to.

use std::fmt;
use std::time::{Duration, Instant};

use portcullis_core::Principal;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::login::Login;
use crate::random::{RandomnessUnavailable, random};

/// The longest time for which a right password may be remembered.
pub const MAX_REMEMBERED_FOR: Duration = Duration::from_secs(300);

/// Right passwords, under a digest with a key of this process; neither password nor user is kept.
pub(super) struct Remembered {
    key: Zeroizing<[u8; 32]>,
    cache: Cache<[u8; 32], (Principal, Instant)>,
    keep: Duration,
}

/// What a right password is remembered under.
pub(super) type Digested = Zeroizing<[u8; 32]>;

impl Remembered {
    pub(super) fn new(keep: Duration, capacity: usize) -> Result<Self, RandomnessUnavailable> {
        Ok(Self { key: Zeroizing::new(random()?), cache: Cache::new(capacity), keep })
    }

    /// The key of 32 octets and the length of the user make each digest that of one login alone.
    pub(super) fn digest(&self, login: &Login) -> Digested {
        let mut sha = Sha256::new();
        sha.update(self.key.as_ref());
        sha.update(login.user.len().to_be_bytes());
        sha.update(login.user.as_bytes());
        sha.update(login.password.expose());
        Zeroizing::new(sha.finalize().into())
    }

    pub(super) fn find(&self, digest: &Digested, now: Instant) -> Option<Principal> {
        let (principal, since) = self.cache.get(&**digest)?;
        if now.saturating_duration_since(since) < self.keep {
            return Some(principal);
        }
        self.cache.remove(&**digest);
        None
    }

    pub(super) fn keep(&self, digest: &Digested, principal: Principal, now: Instant) {
        self.cache.insert(**digest, (principal, now));
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered")
            .field("len", &self.cache.len())
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}
