//! Refusals of tokens, with a fixed text for the audit event and nothing of the token in it.

use portcullis_core::{Denial, Reason};

/// Refuses for the reason.
pub(super) fn refuse(reason: Reason, why: &'static str) -> Denial {
    Denial::new(reason).explained(why)
}

pub(super) fn malformed(why: &'static str) -> Denial {
    refuse(Reason::TokenMalformed, why)
}

/// A claim has the wrong type or an impossible value.
pub(super) fn invalid_claim(why: &'static str) -> Denial {
    refuse(Reason::TokenClaimInvalid, why)
}
