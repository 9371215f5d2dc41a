//! The scopes that a rule asks for.

use portcullis_core::{Scope, Scopes};

use super::Rule;
use super::node::{Node, Quantity, ScopeList};

impl Rule {
    /// Scopes that satisfy the rule together with what else it asks for: all of a conjunction, and of
    /// alternatives the first that names a scope.
    ///
    /// ```
    /// use portcullis_authz::{any_scope, role, scope};
    ///
    /// let rule = scope("a").and(any_scope(["b", "c"])).or(role("admin"));
    /// assert_eq!(rule.required_scopes().to_string(), "a b");
    /// assert_eq!(rule.named_scopes().to_string(), "a b c");
    /// ```
    #[must_use]
    pub fn required_scopes(&self) -> Scopes {
        self.required().into_iter().cloned().collect()
    }

    /// Every scope that the rule names in a way that can help to satisfy it, for `scopes_supported` of
    /// RFC 9728 §2.
    #[must_use]
    pub fn named_scopes(&self) -> Scopes {
        let mut named = Vec::new();
        self.name_scopes(&mut named);
        named.into_iter().cloned().collect()
    }

    fn required(&self) -> Vec<&Scope> {
        match self.node() {
            Node::Scopes(list) => match list.quantity {
                Quantity::Any => list.first(None).into_iter().collect(),
                Quantity::All | Quantity::One => list.set.iter().collect(),
            },
            Node::All(rules) => rules.iter().flat_map(Self::required).collect(),
            Node::Any(rules) => {
                rules.iter().map(Self::required).find(|scopes| !scopes.is_empty()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn name_scopes<'r>(&'r self, named: &mut Vec<&'r Scope>) {
        match self.node() {
            Node::Scopes(list) => named.extend(list.set.iter()),
            Node::All(rules) | Node::Any(rules) => rules.iter().for_each(|rule| rule.name_scopes(named)),
            _ => {}
        }
    }
}

impl ScopeList {
    /// The valid ones as written, each once.
    pub(super) fn in_order(&self) -> impl Iterator<Item = Scope> {
        let earlier = |at: usize| self.written.get(..at).unwrap_or_default();
        let once = self.written.iter().enumerate().filter(move |(at, text)| !earlier(*at).contains(text));
        once.filter_map(|(_, text)| Scope::new(text).ok())
    }

    /// The first one written that is among those, if any are given.
    pub(super) fn first(&self, among: Option<&Scopes>) -> Option<&Scope> {
        let fits = |text: &str| among.is_none_or(|among| among.contains(text));
        let first = self.written.iter().find(|text| fits(text))?;
        self.set.iter().find(|scope| scope.as_str() == first.as_ref())
    }
}
