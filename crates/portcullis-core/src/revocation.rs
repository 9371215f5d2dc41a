//! Telling a deny-list what no longer counts.

use std::time::SystemTime;

use crate::{Step, StoreError};

/// What no longer counts. Everything is of one issuer: the same identifiers at another are somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revocation<'a> {
    /// Every token of this login session (`sid`).
    Session {
        /// The issuer.
        issuer: &'a str,
        /// The session's identifier.
        session_id: &'a str,
    },
    /// Every token of this subject that was issued at that second or before, and every one that does not say when
    /// it was issued (`sub`, `iat`).
    Subject {
        /// The issuer.
        issuer: &'a str,
        /// The subject.
        subject: &'a str,
        /// By the issuer's clock.
        issued_until: SystemTime,
    },
    /// One token (`jti`).
    Token {
        /// The issuer.
        issuer: &'a str,
        /// The token's identifier.
        token_id: &'a str,
    },
}

/// Takes revocations: the writing side of [`Revocations`](crate::Revocations). A store that implements both passes
/// [`conformance::revocations`](../portcullis_core/conformance/fn.revocations.html) (feature `conformance`).
pub trait RevocationSink: Send + Sync + 'static {
    /// Remembers the revocation at least until then, and some minutes longer: a token counts beyond its `exp` for
    /// the leeway. What is remembered already is not shortened, nor is the time of a subject moved back.
    ///
    /// An error means that it may not be remembered. A store that is full refuses; it never forgets another.
    fn revoke(&self, revocation: &Revocation<'_>, until: SystemTime) -> Step<Result<(), StoreError>>;
}
