//! Decisions that are handed over for good.

use std::borrow::Cow;

use super::{Room, Trail, TrailEntry};
use crate::decision::{Decision, Effect};
use crate::explanation::Explained;
use crate::registry::Reason;

impl Trail {
    /// Notes a decision without a copy of it: one that counts, as [`decided`](Self::decided) does, or one that does not
    /// change the response, as [`shadowed`](Self::shadowed) does.
    #[inline]
    pub fn note(&self, room: Room, decision: Decision, enforced: bool) {
        let (effect, reason, detail, explained) = decision.into_parts();
        self.entry(TrailEntry { room, effect, reason, enforced, detail, explained });
    }

    /// Notes that something is allowed, as [`note`](Self::note) does, but without making a decision: the entry is made
    /// where it is kept, of the detail and the tree that the closure gives.
    ///
    /// The closure is not called if the Trail is closed or full. It must not ask the Trail anything: the Trail waits
    /// for it.
    #[inline]
    pub fn note_allowed(
        &self,
        room: Room,
        reason: Reason,
        enforced: bool,
        said: impl FnOnce() -> (Option<Cow<'static, str>>, Option<Explained>),
    ) {
        let Some(mut state) = self.lock_open() else { return };
        state.enter_with(|| {
            let (detail, explained) = said();
            TrailEntry { room, effect: Effect::Allow, reason, enforced, detail, explained }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::MAX_ENTRIES;
    use crate::{Clock, Explanation, Finding};

    #[test]
    fn a_decision_is_noted_whole() {
        let trail = Trail::open(&Clock::system());
        let tree = Explanation::new("x", Finding::Fails);
        let decision = Decision::deny(Reason::PolicyDenied).because("why").explained(tree);
        trail.note(Room::Rule, decision.clone(), false);
        trail.shadowed(Room::Rule, &decision);
        trail.read(|state| {
            let shown: Vec<String> = state.entries.iter().map(|entry| format!("{entry:?}")).collect();
            assert_eq!(shown[0], shown[1]);
            assert!(shown[0].contains("why") && !state.entries[0].enforced, "{shown:?}");
        });
    }

    #[test]
    fn what_is_allowed_is_noted_as_its_decision_would_be_while_there_is_room() {
        let trail = Trail::open(&Clock::system());
        let explained = || Explained::from(Explanation::new("x", Finding::Holds));
        let said = || (Some("why".into()), Some(explained()));
        trail.note_allowed(Room::Rule, Reason::RuleSatisfied, true, said);
        let decision = Decision::allow(Reason::RuleSatisfied).because("why").explained(explained());
        trail.note(Room::Rule, decision, true);
        trail.read(|state| assert_eq!(format!("{:?}", state.entries[0]), format!("{:?}", state.entries[1])));
        let mut made = 0;
        for _ in 0..MAX_ENTRIES {
            trail.note_allowed(Room::Rule, Reason::RuleSatisfied, true, || {
                made += 1;
                (None, Some(explained()))
            });
        }
        assert_eq!((made, trail.read(|state| state.overflow)), (MAX_ENTRIES - 2, 2));
    }

    #[test]
    fn nothing_is_explained_to_a_closed_trail() {
        let trail = Trail::open(&Clock::system());
        trail.close();
        let mut made = false;
        trail.note_allowed(Room::Rule, Reason::RuleSatisfied, true, || {
            made = true;
            (None, Some(Explained::from(Explanation::new("x", Finding::Holds))))
        });
        assert!(!made && trail.read(|state| state.entries.is_empty() && state.overflow == 0));
    }
}
