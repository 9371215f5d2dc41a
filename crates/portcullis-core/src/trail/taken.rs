//! Decisions that are handed over for good.

use super::{Room, Trail, TrailEntry};
use crate::decision::Decision;

impl Trail {
    /// Notes a decision without a copy of it: one that counts, as [`decided`](Self::decided) does, or one that does not
    /// change the response, as [`shadowed`](Self::shadowed) does.
    #[inline]
    pub fn note(&self, room: Room, decision: Decision, enforced: bool) {
        let (effect, reason, detail, explained) = decision.into_parts();
        self.entry(TrailEntry { room, effect, reason, enforced, detail, explained });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, Explanation, Finding, Reason};

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
}
