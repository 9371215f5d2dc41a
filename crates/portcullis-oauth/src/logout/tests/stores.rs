//! Stores that remember, and such that fail.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use portcullis_core::{ReplayOutcome, ReplayStore, Revocation, RevocationSink, Step, StoreError};

/// Remembers everything.
#[derive(Default)]
pub(super) struct Replays(pub(super) Mutex<Vec<(String, String, Duration)>>);

impl ReplayStore for Replays {
    fn remember(
        &self,
        owner: &[u8],
        value: &[u8],
        keep: Duration,
    ) -> Step<Result<ReplayOutcome, StoreError>> {
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        let mut seen = self.0.lock().unwrap();
        if seen.iter().any(|(known, id, _)| *known == text(owner) && *id == text(value)) {
            return Step::Done(Ok(ReplayOutcome::Replayed));
        }
        seen.push((text(owner), text(value), keep));
        Step::Done(Ok(ReplayOutcome::Fresh))
    }
}

/// Always in the same trouble.
pub(super) struct Stuck(pub(super) Option<ReplayOutcome>);

impl ReplayStore for Stuck {
    fn remember(&self, _: &[u8], _: &[u8], _: Duration) -> Step<Result<ReplayOutcome, StoreError>> {
        Step::Done(self.0.ok_or_else(|| StoreError::new("no connection")))
    }
}

impl RevocationSink for Stuck {
    fn revoke(&self, _: &Revocation<'_>, _: SystemTime) -> Step<Result<(), StoreError>> {
        Step::wait(async { Err(StoreError::new("no connection")) })
    }
}
