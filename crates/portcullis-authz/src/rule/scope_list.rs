//! Scopes as written, as a set, and with what else satisfies each of them.

use portcullis_core::{InvalidScope, Scope, Scopes};

/// Scopes as written, and as a set.
pub(super) struct ScopeList {
    pub(super) quantity: Quantity,
    pub(super) written: Box<[Box<str>]>,
    /// The written ones that are valid.
    pub(super) set: Scopes,
    pub(super) invalid: Option<InvalidScope>,
    /// For each scope of the set the others that stand for it; empty if none stands for any.
    covering: Box<[Scopes]>,
    /// All of these together.
    others: Scopes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    All,
    Any,
    One,
}

impl ScopeList {
    pub(super) fn new(quantity: Quantity, written: Box<[Box<str>]>) -> Self {
        let mut invalid = None;
        let set =
            written.iter().filter_map(|text| Scope::new(text).map_err(|e| invalid = Some(e)).ok()).collect();
        Self { quantity, written, set, invalid, covering: Box::default(), others: Scopes::EMPTY }
    }

    /// The same scopes, each with the others that stand for it, in the order of the set.
    pub(super) fn covered_by(&self, covering: Box<[Scopes]>) -> Self {
        let others: Scopes = covering.iter().flat_map(Scopes::iter).cloned().collect();
        let covering = if others.is_empty() { Box::default() } else { covering };
        Self { covering, others, ..Self::new(self.quantity, self.written.clone()) }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.written.is_empty() || self.invalid.is_some()
    }

    pub(super) fn is_satisfied_by(&self, held: &Scopes) -> bool {
        match self.quantity {
            Quantity::Any => intersect(&self.set, held) || intersect(&self.others, held),
            Quantity::All | Quantity::One if self.covering.is_empty() => {
                self.set.len() <= held.len() && self.set.iter().all(|scope| held.contains(scope.as_str()))
            }
            Quantity::All | Quantity::One => self
                .set
                .iter()
                .zip(&self.covering)
                .all(|(scope, others)| held.contains(scope.as_str()) || intersect(others, held)),
        }
    }

    /// The same, by what somebody else says of each scope.
    pub(super) fn is_satisfied(&self, holds: impl Fn(&str) -> bool) -> bool {
        let mut scopes = self.set.iter().map(Scope::as_str);
        match self.quantity {
            Quantity::Any => scopes.any(holds),
            Quantity::All | Quantity::One => scopes.all(holds),
        }
    }

    /// The scopes of the set, each with the others that stand for it.
    pub(super) fn each(&self) -> impl Iterator<Item = (&Scope, &Scopes)> {
        let covering = self.covering.iter().chain(std::iter::repeat(&Scopes::EMPTY));
        self.set.iter().zip(covering)
    }

    /// The scopes of the set, each with whether these stand for it.
    pub(super) fn held_by<'s, 'h>(
        &'s self,
        held: &'h Scopes,
    ) -> impl Iterator<Item = (&'s Scope, bool)> + use<'s, 'h> {
        self.each().map(|(scope, others)| (scope, held.contains(scope.as_str()) || intersect(others, held)))
    }

    /// The valid ones as written, each once.
    pub(super) fn in_order(&self) -> impl Iterator<Item = Scope> {
        let earlier = |at: usize| self.written.get(..at).unwrap_or_default();
        let once = self.written.iter().enumerate().filter(move |(at, text)| !earlier(*at).contains(text));
        once.filter_map(|(_, text)| Scope::new(text).ok())
    }

    /// The first one written.
    pub(super) fn first(&self) -> Option<&Scope> {
        let first = self.written.first()?;
        self.set.iter().find(|scope| scope.as_str() == first.as_ref())
    }
}

/// The same is asked, whatever the rule was bound to.
impl PartialEq for ScopeList {
    fn eq(&self, other: &Self) -> bool {
        self.quantity == other.quantity && self.written == other.written
    }
}

/// The shorter list is walked, the longer one searched, whichever is the caller's.
fn intersect(one: &Scopes, other: &Scopes) -> bool {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    few.iter().any(|scope| many.contains(scope.as_str()))
}
