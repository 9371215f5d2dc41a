//! The values of some owners.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use portcullis_core::ReplayOutcome;

/// What stands for an owner, or for a value of an owner: a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name([u64; 2]);

impl Name {
    pub(super) fn new(one: u64, two: u64) -> Self {
        Self([one, two])
    }

    /// Some bits of it.
    pub(super) fn first(self) -> usize {
        let [first, _] = self.0;
        usize::try_from(first & 0xffff).unwrap_or_default()
    }
}

#[derive(Default)]
pub(super) struct Shard {
    values: HashSet<Name>,
    owners: HashMap<Name, usize>,
    /// Until when a value is remembered, the value, its owner; the first to be forgotten is on top.
    ends: BinaryHeap<Reverse<(u64, Name, Name)>>,
}

/// What the shard said.
pub(super) enum Verdict {
    /// The value may be new, but there is no room altogether.
    NoRoom,
    Is(ReplayOutcome),
}

impl Shard {
    /// Looks the value up and remembers it, in one step.
    pub(super) fn insert(
        &mut self,
        owner: Name,
        value: Name,
        until: u64,
        per_owner: usize,
        take_room: impl FnOnce() -> bool,
    ) -> Verdict {
        if self.values.contains(&value) {
            return Verdict::Is(ReplayOutcome::Replayed);
        }
        let held = self.owners.get(&owner).copied().unwrap_or_default();
        if held >= per_owner {
            return Verdict::Is(ReplayOutcome::Full);
        }
        if !take_room() {
            return Verdict::NoRoom;
        }
        self.values.insert(value);
        self.owners.insert(owner, held + 1);
        self.ends.push(Reverse((until, value, owner)));
        Verdict::Is(ReplayOutcome::Fresh)
    }

    /// Forgets what has had its time, and says how many values that were. Each value is looked at once.
    pub(super) fn forget(&mut self, now: u64) -> usize {
        let before = self.ends.len();
        while let Some(Reverse((until, value, owner))) = self.ends.peek().copied()
            && until < now
        {
            self.ends.pop();
            self.values.remove(&value);
            if let Some(held) = self.owners.get_mut(&owner) {
                *held = held.saturating_sub(1);
                if *held == 0 {
                    self.owners.remove(&owner);
                }
            }
        }
        before - self.ends.len()
    }
}
