//! Questions whose answer changes nothing: nobody waits for it.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(feature = "deadlines")]
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::task::{Context, Poll, Waker};

use portcullis_core::{Decision, Denial, Reason, Step, Trail, Wait};

use super::decide::Told;

/// How many answers that change nothing a question and its clones wait for at once, beside the requests; what would be
/// one more is not waited for, and noted as a decision point that is unavailable. How many reach a decision point that other
/// questions are put to as well is up to it: it can tell them by [`Question::is_watched`](crate::engine::Question::is_watched).
pub const MAX_WATCHED: usize = 256;

/// The places for answers that are waited for. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Watching(#[cfg(feature = "deadlines")] Arc<AtomicUsize>);

impl Watching {
    /// Waits for the answer beside the request, as long as the decision point takes, and lets the request go on. Without a
    /// runtime that could do so, the request waits.
    pub(super) fn beside(&self, told: Told, wait: Wait<Decision>, trail: &Trail) -> Step<Result<(), Denial>> {
        #[cfg(feature = "deadlines")]
        let beside = match (tokio::runtime::Handle::try_current(), self.place()) {
            (Err(_), _) => None,
            (Ok(runtime), Some(place)) => Some((runtime, place)),
            (Ok(_), None) => {
                let busy = crate::engine::unavailable(format_args!(
                    "it was not waited for: {MAX_WATCHED} answers that change nothing are awaited already"
                ));
                return Step::Done(told.settle(trail, false, &busy));
            }
        };
        let mut wait = contained(wait);
        if let Poll::Ready(decision) = wait.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Step::Done(told.settle(trail, false, &decision));
        }
        #[cfg(feature = "deadlines")]
        if let Some((runtime, place)) = beside {
            if let Some(awaited) = trail.awaits(portcullis_core::Room::Rule) {
                let watched = Watched { asked: Some((told, awaited)), _place: place };
                runtime.spawn(async move { watched.settle(&wait.await) });
            }
            return Step::Done(Ok(()));
        }
        let trail = trail.clone();
        Step::wait(async move { told.settle(&trail, false, &wait.await) })
    }

    #[cfg(feature = "deadlines")]
    fn place(&self) -> Option<Place> {
        let more = |taken: usize| (taken < MAX_WATCHED).then_some(taken + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place(Arc::clone(&self.0)))
    }
}

/// An answer that is awaited. One that is dropped before it came, because the runtime ends, is noted as a failure.
#[cfg(feature = "deadlines")]
struct Watched {
    asked: Option<(Told, portcullis_core::Awaited)>,
    _place: Place,
}

#[cfg(feature = "deadlines")]
impl Watched {
    fn settle(mut self, decision: &Decision) {
        self.note(decision);
    }

    fn note(&mut self, decision: &Decision) {
        if let Some((told, awaited)) = self.asked.take() {
            let noted = told.noted(decision, awaited.trail().principal());
            awaited.note(noted);
        }
    }
}

#[cfg(feature = "deadlines")]
impl Drop for Watched {
    fn drop(&mut self) {
        if self.asked.is_some() {
            self.note(&crate::engine::unavailable("the runtime ended before its answer came"));
        }
    }
}

/// Given back when it is dropped.
#[cfg(feature = "deadlines")]
struct Place(Arc<AtomicUsize>);

#[cfg(feature = "deadlines")]
impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Is polled no more once it has panicked.
fn contained(mut wait: Wait<Decision>) -> Wait<Decision> {
    Box::pin(poll_fn(move |cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| wait.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| Poll::Ready(panicked()))
    }))
}

pub(super) fn panicked() -> Decision {
    Decision::deny(Reason::Panicked).because("a question to a decision point panicked")
}
