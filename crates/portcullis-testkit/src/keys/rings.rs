//! The generations of an issuer's keys.

use std::mem;
use std::sync::Arc;

use super::KeyRing;

/// All generations, the newest apart. Those that are published no longer are kept, so that their keys are not used
/// again by this issuer.
pub(crate) struct KeyRings {
    pub(crate) newest: Arc<KeyRing>,
    old: Vec<Arc<KeyRing>>,
    retired: Vec<Arc<KeyRing>>,
}

impl KeyRings {
    pub(crate) fn new() -> Self {
        Self { newest: Arc::new(KeyRing::generate(1)), old: Vec::new(), retired: Vec::new() }
    }

    /// Those that are published, newest first.
    pub(crate) fn published(&self) -> impl Iterator<Item = &KeyRing> {
        std::iter::once(&self.newest).chain(self.old.iter().rev()).map(AsRef::as_ref)
    }

    /// Makes new keys the newest, so many generations after those before.
    pub(crate) fn add(&mut self, step: u32) {
        let next = Arc::new(KeyRing::generate(self.newest.generation + step));
        self.old.push(mem::replace(&mut self.newest, next));
    }

    pub(crate) fn retire_old(&mut self) {
        self.retired.append(&mut self.old);
    }
}
