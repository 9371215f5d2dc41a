//! The scopes that a rule asks for.

use portcullis_core::{RequestView, Scope, Scopes};

use super::Rule;
use super::node::{Node, Quantity, ScopeList};
use super::verdict::Facts;

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

    /// The scopes that would satisfy the rule for this caller, everything else left as it is: of alternatives
    /// the one that lacks the fewest. `None` if scopes would not help.
    pub(super) fn scopes_that_would_do(&self, request: &RequestView<'_>) -> Option<Scopes> {
        let caller = request.principal()?;
        let facts = Facts { request, caller: Some(caller) };
        let wanted = self.wanted(&facts, caller.scopes())?;
        Some(wanted.scopes.into_iter().cloned().collect())
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

    fn wanted(&self, facts: &Facts<'_>, held: &Scopes) -> Option<Wanted<'_>> {
        match self.node() {
            Node::Scopes(list) if list.is_broken() => None,
            Node::Scopes(list) if list.quantity == Quantity::Any => {
                Some(Wanted::new(list.first(Some(held)).or_else(|| list.first(None)), held))
            }
            Node::Scopes(list) => Some(Wanted::new(list.set.iter(), held)),
            Node::All(rules) => {
                let parts = rules.iter().map(|rule| rule.wanted(facts, held)).collect::<Option<Vec<_>>>()?;
                Some(Wanted::new(parts.into_iter().flat_map(|part| part.scopes), held))
            }
            Node::Any(rules) => {
                let ways = rules.iter().filter_map(|rule| rule.wanted(facts, held));
                ways.min_by_key(|way| (way.missing, way.scopes.len()))
            }
            _ => self.ask(facts).is_ok().then(|| Wanted::new(None, held)),
        }
    }
}

impl ScopeList {
    /// The first one written that is among those, if any are given.
    fn first(&self, among: Option<&Scopes>) -> Option<&Scope> {
        let fits = |text: &str| among.is_none_or(|among| among.contains(text));
        let first = self.written.iter().find(|text| fits(text))?;
        self.set.iter().find(|scope| scope.as_str() == first.as_ref())
    }
}

struct Wanted<'r> {
    scopes: Vec<&'r Scope>,
    missing: usize,
}

impl<'r> Wanted<'r> {
    fn new(scopes: impl IntoIterator<Item = &'r Scope>, held: &Scopes) -> Self {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        let missing = scopes.iter().filter(|scope| !held.contains(scope.as_str())).count();
        Self { scopes, missing }
    }
}
