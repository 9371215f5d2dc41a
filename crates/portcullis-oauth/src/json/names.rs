//! Which names stand in an object, and where: so that most questions need one comparison or none.

use super::{FEW, Member};

/// Each name has one place of 64, and most have it to themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// The places of all names that were seen.
    seen: u64,
    /// The places of more than one.
    shared: u64,
    /// The first member of each place.
    first: [u8; PLACES],
}

const PLACES: usize = 64;

/// Where a member may stand.
pub(super) enum Whereabouts {
    Nowhere,
    /// Here, or nowhere.
    At(usize),
    Anywhere,
}

impl Names {
    /// Nothing was seen.
    pub(super) const NONE: Self = Self { seen: 0, shared: 0, first: [0; PLACES] };

    /// Where the member of a name that has this place may stand.
    #[inline]
    pub(super) fn look(&self, place: Place) -> Whereabouts {
        let bit = 1 << place.0;
        if self.seen & bit == 0 {
            return Whereabouts::Nowhere;
        }
        match self.first.get(usize::from(place.0)) {
            Some(first) if self.shared & bit == 0 => Whereabouts::At(usize::from(*first)),
            _ => Whereabouts::Anywhere,
        }
    }

    /// Notes the name of the member at the index, and says whether it may have been seen before.
    #[inline]
    pub(super) fn note(&mut self, name: &str, index: usize) -> bool {
        let place = Place::of(name);
        let bit = 1 << place.0;
        let before = self.seen & bit != 0;
        self.seen |= bit;
        match (self.first.get_mut(usize::from(place.0)), u8::try_from(index)) {
            (Some(first), Ok(index)) if !before => *first = index,
            _ => self.shared |= bit,
        }
        before
    }
}

/// A number below 64.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(u8);

impl Place {
    /// Length, first and last octet tell most names apart.
    #[inline(always)]
    pub(super) const fn of(name: &str) -> Self {
        let octets = name.as_bytes();
        let (first, last) = match octets {
            [] => (0, 0),
            [one] => (*one, *one),
            [first, .., last] => (*first, *last),
        };
        let mixed = (first as u32).wrapping_mul(3)
            ^ (last as u32).wrapping_mul(7)
            ^ (octets.len() as u32).wrapping_mul(11);
        Self((mixed % PLACES as u32) as u8)
    }
}

/// A name of the program, and its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    text: &'static str,
    pub(super) place: Place,
}

impl Name {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { text, place: Place::of(text) }
    }

    pub(crate) fn as_str(self) -> &'static str {
        self.text
    }
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
