//! The seam between the checks of a token and the place where an issuer's keys come from.

use std::sync::Arc;

use portcullis_core::{Denial, Step};

use super::key::VerifyingKey;
use super::set::KeySet;

/// Where the keys of one issuer come from.
///
/// Keys that are known are answered with [`Step::Done`], without a lock. A source that fetches answers
/// [`Step::Wait`] only while nothing is known; an outage is a [`Denial`] with
/// [`Reason::KeySetUnavailable`](portcullis_core::Reason::KeySetUnavailable), never an empty answer.
pub trait KeySource: Send + Sync + 'static {
    /// The keys that a token with this `kid` (or none) may have been signed with.
    ///
    /// `kid` is text of the client: it may be compared with known names, and nothing else (RFC 8725 §3.10).
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>>;

    /// The keys as they are known now, without waiting; `None` if none were ever known. The configuration is
    /// checked against them.
    fn current(&self) -> Option<KeySet>;
}

impl<S: KeySource + ?Sized> KeySource for Arc<S> {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        self.as_ref().find(kid)
    }

    fn current(&self) -> Option<KeySet> {
        self.as_ref().current()
    }
}

/// What a look-up found: no key, one, or a few that only the algorithm tells apart.
#[derive(Clone, Debug, Default)]
pub struct KeyLookup(Option<Arc<[VerifyingKey]>>);

impl KeyLookup {
    /// No key has that name.
    pub const UNKNOWN: Self = Self(None);

    /// These keys.
    #[must_use]
    pub fn found(keys: Arc<[VerifyingKey]>) -> Self {
        Self(Some(keys))
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.keys().is_empty()
    }
}

/// A key set that never changes is a source of its own.
impl KeySource for KeySet {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        Step::Done(Ok(self.lookup(kid)))
    }

    fn current(&self) -> Option<KeySet> {
        Some(self.clone())
    }
}
