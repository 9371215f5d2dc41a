//! What came of each condition of a rule.

use std::cell::Cell;

use super::verdict::{Kind, Verdict};

/// Of how many conditions the outcome is kept; later ones count as not asked.
pub(super) const MAX_KEPT: u32 = 32;

/// What came of the conditions, walking from left to right: two bits each.
#[derive(Default)]
pub(super) struct Tally {
    outcomes: Cell<u64>,
    place: Cell<u32>,
}

/// What came of one condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Held = 1,
    Refused,
    /// It failed, or nobody has said who calls.
    Unknown,
}

impl Outcome {
    pub(super) fn of(verdict: &Verdict<'_>) -> Self {
        match verdict {
            Ok(()) => Self::Held,
            Err(obstacle) if matches!(obstacle.kind, Kind::Login | Kind::Failure) => Self::Unknown,
            Err(_) => Self::Refused,
        }
    }
}

impl Tally {
    /// The number of the condition that is next.
    pub(super) fn place(&self) -> u32 {
        self.place.get()
    }

    pub(super) fn go_to(&self, place: u32) {
        self.place.set(place);
    }

    pub(super) fn note(&self, outcome: Outcome) {
        let place = self.place.get();
        if place < MAX_KEPT {
            self.outcomes.set(self.outcomes.get() | (outcome as u64) << (2 * place));
        }
        self.place.set(place.saturating_add(1));
    }
}
