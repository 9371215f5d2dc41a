//! Whether one rule makes another one needless.

use super::super::Rule;
use super::super::node::Node;
use super::formula::Analysis;

impl Rule {
    /// Whether everybody whom this rule lets in satisfies the other one, too, whatever the request, and also where nobody
    /// calls. A part of this rule that has a [mode](Self::in_mode) of its own counts as passed, for it may be passed over;
    /// the other rule counts as enforced. Both count as parts of one rule: that the other one by itself would
    /// [need a caller](Self::needs_principal) is not judged. False if it cannot be told: if together they have more than 12 conditions, or if
    /// a part of the other one has a mode.
    ///
    /// ```
    /// use portcullis_authz::{anonymous, authenticated, scope};
    ///
    /// assert!(scope("a").and(scope("b")).implies(&scope("a")));
    /// assert!(scope("a").implies(&authenticated()));
    /// assert!(!scope("a").or(anonymous()).implies(&authenticated()));
    /// ```
    #[must_use]
    pub fn implies(&self, other: &Self) -> bool {
        let other = other.firm();
        if self == other {
            return true;
        }
        let both = Self::new(Node::All([self.clone(), other.clone()].into()));
        !other.has_modes() && Analysis::of(&both).second_follows()
    }

    /// Whether a part of the rule, or all of it, has a [mode](Self::in_mode) of its own, so that it may be passed over.
    #[must_use]
    pub fn has_modes(&self) -> bool {
        match self.node() {
            Node::InMode(..) => true,
            Node::All(rules) | Node::Any(rules) => rules.iter().any(Self::has_modes),
            Node::Not(rule) => rule.has_modes(),
            Node::Unless(unless) => unless.allow.iter().chain(&unless.deny).any(Self::has_modes),
            _ => false,
        }
    }
}
