//! Scopes as written, as a set, and with what else satisfies each of them.

use portcullis_core::{InvalidScope, Scope, Scopes};

use super::scope_table::ScopeTable;

/// Scopes as written, and as a set.
pub(super) struct ScopeList {
    pub(super) quantity: Quantity,
    pub(super) written: Box<[Box<str>]>,
    /// The written ones that are valid.
    pub(super) set: Scopes,
    pub(super) invalid: Option<InvalidScope>,
    /// For each scope of the set the others that stand for it; empty if none stands for any.
    covering: Box<[Scopes]>,
    /// Whether the rule was bound to an application that declares its scopes: then all of these are.
    pub(super) bound: bool,
    /// The set and all of these together, where one of them suffices.
    any_of: ScopeTable,
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
        let set: Scopes =
            written.iter().filter_map(|text| Scope::new(text).map_err(|e| invalid = Some(e)).ok()).collect();
        let any_of = quantity.table(set.iter());
        Self { quantity, written, set, invalid, covering: Box::default(), bound: false, any_of }
    }

    /// The same scopes, each with the others that stand for it, in the order of the set.
    pub(super) fn covered_by(&self, covering: Box<[Scopes]>) -> Self {
        let covering = if covering.iter().all(Scopes::is_empty) { Box::default() } else { covering };
        let any_of = self.quantity.table(self.set.iter().chain(covering.iter().flat_map(Scopes::iter)));
        Self { covering, any_of, ..Self::new(self.quantity, self.written.clone()) }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.written.is_empty() || self.invalid.is_some()
    }

    #[inline]
    pub(super) fn is_satisfied_by(&self, held: &Scopes) -> bool {
        match self.quantity {
            // As written: it is the one scope of the set, or none that anybody holds.
            Quantity::One if self.covering.is_empty() => {
                self.written.first().is_some_and(|scope| held.contains(scope))
            }
            Quantity::Any if self.any_of.len() > held.len() => self.any_of.contains_any(held),
            _ => self.is_satisfied_by_several(held),
        }
    }

    /// Stands apart, so that what is asked most often need not make room for it.
    #[inline(never)]
    fn is_satisfied_by_several(&self, held: &Scopes) -> bool {
        match self.quantity {
            Quantity::Any => self.any_of.iter().any(|scope| held.contains(scope)),
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

impl Quantity {
    /// Nobody looks into it where all are asked for.
    fn table<'s>(self, scopes: impl Iterator<Item = &'s Scope>) -> ScopeTable {
        if self == Self::Any {
            ScopeTable::new(scopes.map(Scope::as_str))
        } else {
            ScopeTable::new([].into_iter())
        }
    }
}

/// The shorter list is walked, the longer one searched, whichever is the caller's.
fn intersect(one: &Scopes, other: &Scopes) -> bool {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    few.iter().any(|scope| many.contains(scope.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whichever list is the longer one, and whether a scope is there as written or by another that stands for it.
    #[test]
    fn any_of_finds_just_what_both_lists_have() {
        let names: Vec<Box<str>> = (0..40).map(|number| format!("s{}", number * 7).into()).collect();
        for (wanted, held) in [(1, 40), (2, 3), (9, 2), (40, 1), (40, 40)] {
            for start in 0..40 {
                let mut turned = names.iter().cycle().skip(start);
                let other: Scopes =
                    turned.by_ref().take(held).map(|name| Scope::new(name).unwrap()).collect();
                let written: Box<[Box<str>]> = names.iter().take(wanted).cloned().collect();
                let expected = written.iter().any(|name| other.contains(name));
                let list = ScopeList::new(Quantity::Any, written);
                assert_eq!(list.is_satisfied_by(&other), expected, "{wanted} {held} {start}");
                let one = |name: &str| Scope::new(name).into_iter().collect::<Scopes>();
                let covering = list.set.iter().map(|scope| one(&format!("all:{scope}"))).collect();
                let list = list.covered_by(covering);
                assert_eq!(list.is_satisfied_by(&other), expected, "{wanted} {held} {start}");
                assert!(list.is_satisfied_by(&one("all:s0")) && !list.is_satisfied_by(&one("all:s1")));
            }
        }
    }
}
