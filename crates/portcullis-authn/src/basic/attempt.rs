//! Tells the guard of attempts what came of one, whatever happens.

use std::sync::Arc;

use portcullis_core::{Attempt, AttemptGuard, AttemptOutcome, Denial, RequestView, Step};

/// An attempt that the guard has let through. Dropped before it is settled, its outcome is unknown.
pub(super) struct Report {
    guard: Arc<dyn AttemptGuard>,
    attempt: Attempt,
    outcome: AttemptOutcome,
}

impl Report {
    /// Asks the guard, if there is one.
    pub(super) fn ask(
        request: &RequestView<'_>,
        scheme: &Arc<str>,
        user: &str,
    ) -> Step<Result<Option<Self>, Denial>> {
        let Some(guard) = request.attempts() else { return Step::Done(Ok(None)) };
        let trail = request.trail();
        let attempt = Attempt::new(Arc::clone(scheme), user, trail.client()).with_trail(trail.clone());
        let asked = guard.before(&attempt);
        let guard = Arc::clone(guard);
        asked.map(|asked| asked.map(|()| Some(Self { guard, attempt, outcome: AttemptOutcome::Unknown })))
    }

    pub(super) fn settle(report: Option<Self>, outcome: AttemptOutcome) {
        if let Some(mut report) = report {
            report.outcome = outcome;
        }
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.guard.after(&self.attempt, self.outcome);
    }
}
