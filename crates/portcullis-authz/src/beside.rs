//! Decisions that change nothing: nobody waits for them.

mod contained;

use std::fmt;
#[cfg(feature = "deadlines")]
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use portcullis_core::{Decision, Principal, Reason, Room, Trail, Wait};

pub(crate) use self::contained::Contained;
use crate::engine::unavailable;

/// Who was asked what, for the event.
pub(crate) trait Tell: Send + 'static {
    /// Whose decision it is.
    const ROOM: Room;
    /// What is said where it panicked.
    const PANICKED: &'static str;

    /// The decision as the event tells it.
    fn noted(self, decision: &Decision, caller: Option<&Principal>) -> Decision;
}

/// The places for decisions that are awaited beside the requests. Clones share them.
#[derive(Clone)]
pub(crate) struct Places {
    #[cfg(feature = "deadlines")]
    taken: Arc<AtomicUsize>,
    #[cfg(feature = "deadlines")]
    most: usize,
}

impl Places {
    /// So many.
    #[cfg_attr(
        not(feature = "deadlines"),
        expect(unused_variables, reason = "nothing is awaited beside a request")
    )]
    pub(crate) fn new(most: usize) -> Self {
        Self {
            #[cfg(feature = "deadlines")]
            taken: Arc::default(),
            #[cfg(feature = "deadlines")]
            most,
        }
    }

    /// Waits for the decision beside the request, and lets the request go on. What is decided at once is noted at once, and
    /// so is that there is no place, or no runtime that could wait.
    pub(crate) fn beside<T: Tell>(&self, told: T, wait: Wait<Decision>, trail: &Trail) {
        let mut wait = Contained::new::<T>(wait);
        #[cfg(feature = "deadlines")]
        let beside = match (tokio::runtime::Handle::try_current(), self.take()) {
            (Err(_), _) => None,
            (Ok(runtime), Some(place)) => Some((runtime, place)),
            (Ok(_), None) => return note(told, &self.taken_all(), trail),
        };
        if let Some(decision) = wait.at_once() {
            return note(told, &decision, trail);
        }
        #[cfg(feature = "deadlines")]
        if let Some((runtime, place)) = beside {
            if let Some(awaited) = trail.awaits(T::ROOM) {
                let watched = Watched { asked: Some((told, awaited)), _place: place };
                runtime.spawn(async move { watched.settle(&wait.await) });
            }
            return;
        }
        note(told, &not_awaited("there is no runtime of tokio to wait beside the request"), trail);
    }

    #[cfg(feature = "deadlines")]
    fn take(&self) -> Option<Place> {
        let more = |taken: usize| (taken < self.most).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place(Arc::clone(&self.taken)))
    }

    #[cfg(feature = "deadlines")]
    fn taken_all(&self) -> Decision {
        let most = self.most;
        not_awaited(format_args!("{most} answers that change nothing are awaited already"))
    }
}

/// Notes what would have been.
pub(crate) fn note<T: Tell>(told: T, decision: &Decision, trail: &Trail) {
    trail.note(T::ROOM, told.noted(decision, trail.principal()), false);
}

/// What is said of one that panicked.
pub(crate) fn panicked<T: Tell>() -> Decision {
    Decision::deny(Reason::Panicked).because(T::PANICKED)
}

/// What is said of one that would have had to be waited for, and changes nothing.
pub(crate) fn not_awaited(why: impl fmt::Display) -> Decision {
    unavailable(format_args!("not awaited: {why}"))
}

/// A decision that is awaited. One that is dropped before it came, because the runtime ends, is noted as a failure.
#[cfg(feature = "deadlines")]
struct Watched<T: Tell> {
    asked: Option<(T, portcullis_core::Awaited)>,
    _place: Place,
}

#[cfg(feature = "deadlines")]
impl<T: Tell> Watched<T> {
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
impl<T: Tell> Drop for Watched<T> {
    fn drop(&mut self) {
        if self.asked.is_some() {
            self.note(&unavailable("the runtime ended before its answer came"));
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
