//! What came of authentication.

use crate::{Denial, Principal};

/// Whether authentication was asked for, and what came of it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "every caller must tell these three apart")]
pub enum Authentication {
    /// No authentication layer ran, or the route is public.
    NotAsked,
    /// The layer ran; no credential was sent, and none was required.
    Anonymous,
    /// The caller is known.
    Known(Principal),
}

/// A second authentication tried to say who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlreadyAuthenticated;

impl From<AlreadyAuthenticated> for Denial {
    fn from(_: AlreadyAuthenticated) -> Self {
        Self::misconfigured("two authentication layers ran for one request: Security stands within Security")
    }
}
