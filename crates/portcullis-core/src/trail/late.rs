//! Decisions that nobody waits for, and that may come when the request is over.

use std::fmt;
use std::mem;
use std::sync::Arc;

use super::{MAX_ENTRIES, Room, Trail, TrailEntry};
use crate::decision::Decision;

/// A decision that changes nothing and has not come yet. See [`Trail::awaits`].
///
/// Dropped without a word, it is awaited no more.
#[must_use = "a decision that is noted nowhere is lost"]
pub struct Awaited {
    trail: Trail,
    room: Room,
    settled: bool,
}

/// What a Trail knows of decisions that are awaited.
#[derive(Default)]
pub(super) struct Late {
    pub(super) awaited: usize,
    /// Who is told of those that come after the end.
    tell: Option<Tell>,
    /// Those that came after the end, and before anybody said who is told.
    unsaid: Vec<TrailEntry>,
}

type Tell = Arc<dyn Fn(&TrailEntry) + Send + Sync>;

impl Trail {
    /// Announces a decision that does not change the response, and for which the response does not wait. `None` if the
    /// request is over.
    ///
    /// If it comes while the request is handled, it is noted as [`shadowed`](Self::shadowed) does. If it comes
    /// later, who recorded the request's event is [told of it](Self::tell_late).
    #[must_use]
    pub fn awaits(&self, room: Room) -> Option<Awaited> {
        let mut state = self.lock_open()?;
        state.late.get_or_insert_default().awaited += 1;
        drop(state);
        Some(Awaited { trail: self.clone(), room, settled: false })
    }

    /// Says who is told of the awaited decisions that come after the end. Whoever [finished](Self::finish) the Trail calls
    /// it, once the event is recorded; what has come in the meantime is told at once.
    ///
    /// The function is dropped with the last decision that was awaited.
    pub fn tell_late(&self, tell: impl Fn(&TrailEntry) + Send + Sync + 'static) {
        let tell: Tell = Arc::new(tell);
        let unsaid = {
            let mut state = self.lock();
            let Some(late) = &mut state.late else { return };
            if late.awaited > 0 {
                late.tell = Some(Arc::clone(&tell));
            }
            mem::take(&mut late.unsaid)
        };
        unsaid.iter().for_each(|entry| tell(entry));
    }
}

impl Awaited {
    /// The Trail of the request.
    #[must_use]
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Notes the decision, or tells it to whoever recorded the event.
    pub fn note(mut self, decision: Decision) {
        let (effect, reason, detail, explained) = decision.into_parts();
        let entry = TrailEntry { room: self.room, effect, reason, enforced: false, detail, explained };
        self.settle(Some(entry));
    }

    fn settle(&mut self, entry: Option<TrailEntry>) {
        if mem::replace(&mut self.settled, true) {
            return;
        }
        let mut state = self.trail.lock();
        let closed = state.closed;
        let Some(late) = &mut state.late else { return };
        late.awaited = late.awaited.saturating_sub(1);
        // It may hold the event, and the event holds this Trail.
        let tell = if late.awaited == 0 { late.tell.take() } else { late.tell.clone() };
        let told = match entry {
            None => None,
            Some(entry) if !closed => {
                state.enter(entry);
                None
            }
            Some(entry) if tell.is_some() => Some(entry),
            Some(entry) => {
                if late.unsaid.len() < MAX_ENTRIES {
                    late.unsaid.push(entry);
                }
                None
            }
        };
        // Code of others runs, and what is left of the request is dropped, without the lock.
        drop(state);
        if let (Some(tell), Some(entry)) = (&tell, &told) {
            tell(entry);
        }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.settle(None);
    }
}

impl fmt::Debug for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaited").field("room", &self.room).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{Clock, Reason};

    fn trail() -> Trail {
        Trail::open(&Clock::system())
    }

    fn denied() -> Decision {
        Decision::deny(Reason::PolicyDenied).because("not yours")
    }

    fn reasons(trail: &Trail) -> Vec<(Reason, bool)> {
        trail.read(|state| state.entries.iter().map(|entry| (entry.reason, entry.enforced)).collect())
    }

    /// Keeps what it is told, and whether it was dropped.
    #[derive(Clone, Default)]
    struct Ear(Arc<Mutex<Vec<Reason>>>);

    impl Ear {
        fn listen(&self, trail: &Trail) {
            let (ear, kept) = (self.clone(), trail.clone());
            trail.tell_late(move |entry| {
                // The Trail can be asked: nobody holds its lock.
                assert!(!entry.enforced && kept.read(|state| state.closed));
                ear.0.lock().unwrap().push(entry.reason);
            });
        }

        fn heard(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    #[test]
    fn what_comes_before_the_end_is_noted_as_a_shadow() {
        let trail = trail();
        let awaited = trail.awaits(Room::Rule).unwrap();
        awaited.note(denied());
        assert!(!trail.finish(None).awaits);
        assert_eq!(reasons(&trail), [(Reason::PolicyDenied, false)]);
        assert!(trail.awaits(Room::Rule).is_none(), "the request is over");
    }

    #[test]
    fn what_comes_after_the_end_is_told_and_changes_no_event() {
        let (trail, ear) = (trail(), Ear::default());
        let [early, late, never] = [(); 3].map(|()| trail.awaits(Room::Rule).unwrap());
        assert!(trail.finish(None).awaits);
        early.note(denied());
        ear.listen(&trail);
        assert_eq!(ear.heard(), 1, "what came before anybody listened is told too");
        late.note(denied());
        drop(never);
        assert_eq!((ear.heard(), reasons(&trail)), (2, vec![]));
    }

    #[test]
    fn nobody_is_kept_once_nothing_is_awaited() {
        let trail = trail();
        let awaited = trail.awaits(Room::Rule).unwrap();
        let _ = trail.finish(None);
        let ear = Ear::default();
        ear.listen(&trail);
        let others = || Arc::strong_count(&ear.0) - 1;
        assert_eq!(others(), 1);
        drop(awaited);
        assert_eq!(others(), 0, "the function holds the Trail, and is not held by it any more");
        ear.listen(&trail);
        assert_eq!((others(), ear.heard()), (0, 0));
    }

    #[test]
    fn no_more_is_kept_for_a_listener_than_a_trail_keeps() {
        let trail = trail();
        let many: Vec<_> = (0..=MAX_ENTRIES).map(|_| trail.awaits(Room::Rule).unwrap()).collect();
        let _ = trail.finish(None);
        many.into_iter().for_each(|awaited| awaited.note(denied()));
        let ear = Ear::default();
        ear.listen(&trail);
        assert_eq!(ear.heard(), MAX_ENTRIES);
    }
}
