//! Refusals of tokens, with a fixed text for the audit event and nothing of the token in it.

use portcullis_core::{Denial, Reason};

/// Refuses for the reason.
#[cold]
pub(crate) fn refuse(reason: Reason, why: &'static str) -> Denial {
    Denial::new(reason).explained(why)
}

pub(crate) fn malformed(why: &'static str) -> Denial {
    refuse(Reason::TokenMalformed, why)
}

/// A claim has the wrong type or an impossible value.
pub(crate) fn invalid_claim(why: &'static str) -> Denial {
    refuse(Reason::TokenClaimInvalid, why)
}
