//! Which names may stand in an object: one bit for many, so that most questions need no comparison.

use super::{FEW, Member};

/// One bit of 64 for each name that was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names(u64);

impl Names {
    /// Nothing was seen.
    pub(super) const NONE: Self = Self(0);

    /// Nobody knows.
    pub(super) const ANY: Self = Self(u64::MAX);

    /// Whether the name may have been seen; if not, it was not.
    #[inline(always)]
    pub(super) fn may_have(self, name: &str) -> bool {
        self.0 & bit(name) != 0
    }

    /// The same of a name that is known by now.
    pub(super) fn may_have_known(self, name: &Name) -> bool {
        self.0 & name.bit != 0
    }

    /// Notes a name, and says whether it may have been seen before.
    #[inline]
    pub(super) fn note(&mut self, name: &str) -> bool {
        let bit = bit(name);
        let before = self.0 & bit != 0;
        self.0 |= bit;
        before
    }
}

/// A name of the program, and what it is known by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(super) text: &'static str,
    bit: u64,
}

impl Name {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { text, bit: bit(text) }
    }

    pub(crate) fn as_str(self) -> &'static str {
        self.text
    }
}

/// Length, first and last octet tell most names apart.
#[inline(always)]
const fn bit(name: &str) -> u64 {
    let octets = name.as_bytes();
    let (first, last) = match octets {
        [] => (0, 0),
        [one] => (*one, *one),
        [first, .., last] => (*first, *last),
    };
    let place = (first as u32).wrapping_mul(3)
        ^ (last as u32).wrapping_mul(7)
        ^ (octets.len() as u32).wrapping_mul(11);
    1 << (place & 63)
}

/// Whether a name stands twice, among so many members that comparing each with each would take too long.
pub(super) fn have_duplicates(members: &[Member<'_>]) -> bool {
    if members.len() <= FEW {
        return false;
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}
