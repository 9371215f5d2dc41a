//! What came of each condition of a rule, in so few bits that telling of it later costs nothing now.

use std::cell::Cell;

use portcullis_core::Finding;

use super::verdict::{Kind, Obstacle, Verdict};

/// Of how many conditions the outcome is kept; later ones count as not asked.
pub(super) const MAX_KEPT: u32 = 28;

/// Where the outcome of the whole rule stands.
const WHOLE: u32 = 2 * MAX_KEPT;
/// Where the number of the condition that decided stands, and that of none.
const DECISIVE: u32 = WHOLE + 2;
const NONE: u64 = 63;

/// What a rule of one condition tells if that holds.
pub(super) const ONE_HOLDS: u64 = HOLDS | HOLDS << WHOLE | NONE << DECISIVE;
const HOLDS: u64 = 1;

/// What came of the conditions, walking from left to right: two bits each.
#[derive(Default)]
pub(super) struct Tally {
    outcomes: Cell<u64>,
    place: Cell<u32>,
}

impl Tally {
    /// The number of the condition that is next.
    pub(super) fn place(&self) -> u32 {
        self.place.get()
    }

    pub(super) fn go_to(&self, place: u32) {
        self.place.set(place);
    }

    pub(super) fn note(&self, verdict: &Verdict<'_>) {
        let place = self.place.get();
        if place < MAX_KEPT {
            self.outcomes.set(self.outcomes.get() | outcome(verdict.as_ref().err()) << (2 * place));
        }
        self.place.set(place.saturating_add(1));
    }

    /// What was found, for [`Told`] to read.
    pub(super) fn told(&self, obstacle: Option<&Obstacle<'_>>) -> u64 {
        let decisive = obstacle.map_or(NONE, |obstacle| u64::from(obstacle.place).min(NONE));
        self.outcomes.get() | outcome(obstacle) << WHOLE | decisive << DECISIVE
    }
}

const fn outcome(obstacle: Option<&Obstacle<'_>>) -> u64 {
    match obstacle {
        None => HOLDS,
        Some(Obstacle { kind: Kind::Login | Kind::Failure, .. }) => 3,
        Some(_) => 2,
    }
}

/// What a tally told.
#[derive(Clone, Copy)]
pub(super) struct Told(pub(super) u64);

impl Told {
    /// What came of the condition of that number.
    pub(super) fn condition(self, place: u32) -> Finding {
        if place < MAX_KEPT { self.finding(2 * place) } else { Finding::NotAsked }
    }

    /// What came of the whole rule.
    pub(super) fn whole(self) -> Finding {
        self.finding(WHOLE)
    }

    /// Whether the condition of that number decided.
    pub(super) fn is_decisive(self, place: u32) -> bool {
        u64::from(place) == self.0 >> DECISIVE && u64::from(place) != NONE
    }

    const fn finding(self, at: u32) -> Finding {
        match self.0 >> at & 3 {
            1 => Finding::Holds,
            2 => Finding::Fails,
            3 => Finding::Unknown,
            _ => Finding::NotAsked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_condition_that_holds_tells_the_same_with_and_without_a_walk() {
        let tally = Tally::default();
        tally.note(&Ok(()));
        assert_eq!(tally.told(None), ONE_HOLDS);
    }
}
