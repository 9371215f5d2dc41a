//! The scopes that a rule asks for.

use portcullis_core::{Mode, Scope, Scopes};

use super::Rule;
use super::node::Node;
use super::scope_list::Quantity;

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
                Quantity::Any => list.first().into_iter().collect(),
                Quantity::All | Quantity::One => list.set.iter().collect(),
            },
            Node::All(rules) => rules.iter().flat_map(Self::required).collect(),
            Node::Any(rules) => {
                rules.iter().map(Self::required).find(|scopes| !scopes.is_empty()).unwrap_or_default()
            }
            // What is only watched is not required.
            Node::InMode(Mode::Shadow, _) => Vec::new(),
            Node::InMode(_, rule) => rule.required(),
            Node::Unless(unless) => unless.allow.as_ref().map(Self::required).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn name_scopes<'r>(&'r self, named: &mut Vec<&'r Scope>) {
        match self.node() {
            Node::Scopes(list) => named.extend(list.set.iter()),
            Node::All(rules) | Node::Any(rules) => rules.iter().for_each(|rule| rule.name_scopes(named)),
            Node::InMode(_, rule) => rule.name_scopes(named),
            Node::Unless(unless) => unless.allow.iter().for_each(|rule| rule.name_scopes(named)),
            _ => {}
        }
    }
}
