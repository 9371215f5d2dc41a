//! Rules over the head of a request, as values.

mod alternatives;
mod assurance;
mod attribute;
mod bind;
mod binding;
mod build;
mod decide;
mod deny;
mod explain;
mod lint;
mod marks;
mod mode;
mod node;
mod openness;
mod print;
mod scope_list;
mod scope_table;
mod scopes;
mod tally;
mod tenancy;
mod verdict;
mod wanted;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Not;
use std::sync::Arc;

use portcullis_core::{Decision, RequestView};

pub use self::alternatives::{Alternative, MAX_ALTERNATIVES};
pub use self::assurance::{AUTH_TIME_LEEWAY, acr, amr, any_acr, max_age};
pub use self::attribute::{
    after, any_client, any_network, before, client, danger_any_tenant, group, issuer, network,
    tenant_matches, via_method, when, within_hours,
};
pub use self::binding::sender_constrained;
pub use self::build::{
    all_scopes, anonymous, any_scope, authenticated, claim, permission, role, rule_fn, scope, user_only,
};
pub use self::deny::forbid;
use self::node::{Inner, Node};
use self::verdict::Facts;

/// What a request must satisfy: a value that decides, prints itself, and names the scopes it asks for.
///
/// Made by the words of this crate, such as [`scope`], [`role`], [`tenant_matches`] and [`when`], joined by
/// [`and`](Self::and), [`or`](Self::or), [`unless`](Self::unless) and `!`. Clones are free. A rule needs a caller unless it
/// says [`anonymous`]. See the crate's docs for how it decides.
///
/// ```
/// use portcullis_authz::{role, scope};
///
/// let rule = scope("documents:write").and(role("editor").or(role("admin"))).and(!role("suspended"));
/// assert_eq!(
///     rule.to_string(),
///     "scope(documents:write) and (role(editor) or role(admin)) and not role(suspended)"
/// );
/// assert_eq!(rule.required_scopes().to_string(), "documents:write");
/// ```
#[derive(Clone)]
#[must_use = "a rule that nobody asks decides nothing"]
pub struct Rule(Arc<Inner>);

impl Rule {
    /// Satisfied if both rules are.
    pub fn and(self, rule: Self) -> Self {
        Self::with_denies([self, rule], |rules| Self::joined(rules, Node::All, Node::as_all))
    }

    /// Satisfied if one of the rules is. What either [forbids](Self::unless) stays forbidden.
    pub fn or(self, rule: Self) -> Self {
        Self::with_denies([self, rule], |rules| Self::joined(rules, Node::Any, Node::as_any))
    }

    /// Satisfied by a caller for whom the rule is not; the same as `!rule`. What the rule [forbids](Self::unless) stays
    /// forbidden.
    ///
    /// A caller whom this refuses is refused with the reason `explicitly_denied`. Neither a missing caller nor a
    /// failure becomes a pass by negation.
    pub fn negate(self) -> Self {
        Self::with_denies([self], |mut rules| match rules.pop() {
            Some(rule) => match rule.node() {
                Node::Not(rule) => rule.clone(),
                Node::Anonymous => authenticated(),
                _ => Self::new(Node::Not(rule)),
            },
            // INVARIANT: there is one rule; without it, nothing is allowed.
            None => Self::new(Node::Any(Box::default())),
        })
    }

    /// Asks the rule, without a word to the Trail; [`decide`](Self::decide) is what a layer calls.
    ///
    /// Allocates nothing if the answer is to allow.
    pub fn evaluate(&self, request: &RequestView<'_>) -> Decision {
        let facts = Facts::silent(request);
        match self.verdict(&facts) {
            Ok(()) => self.allowed(&facts),
            Err(obstacle) => self.refused(obstacle, &facts),
        }
    }

    /// Whether every request without a caller is refused: true unless the rule says [`anonymous`] in a way that
    /// can allow one.
    #[must_use]
    pub fn needs_principal(&self) -> bool {
        self.0.open().needs_principal()
    }

    /// The path parameters that the rule reads, by [`tenant_matches`]. A route that lacks one of them answers 500;
    /// `Security` finds that out when it is built (`P228`).
    #[must_use]
    pub fn path_parameters(&self) -> Vec<&str> {
        match self.node() {
            Node::All(rules) | Node::Any(rules) => rules.iter().flat_map(Self::path_parameters).collect(),
            Node::Not(rule) | Node::InMode(_, rule) => rule.path_parameters(),
            Node::Unless(unless) => {
                unless.allow.iter().chain(&unless.deny).flat_map(Self::path_parameters).collect()
            }
            Node::Attribute(attribute) => attribute.path_parameter().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn new(node: Node) -> Self {
        Self(Arc::new(Inner::new(node)))
    }

    fn node(&self) -> &Node {
        self.0.node()
    }

    fn is_broken(&self) -> bool {
        self.0.is_broken()
    }

    /// How many conditions there are.
    fn conditions(&self) -> u32 {
        self.0.conditions()
    }

    /// Chains of the same word become one flat list; a single rule stays as it is.
    fn joined(
        rules: Vec<Self>,
        node: impl FnOnce(Box<[Self]>) -> Node,
        list: impl Fn(&Node) -> Option<&[Self]>,
    ) -> Self {
        if let [rule] = rules.as_slice() {
            return rule.clone();
        }
        let mut flat = Vec::new();
        for rule in rules {
            match list(rule.node()) {
                Some(parts) => flat.extend_from_slice(parts),
                None => flat.push(rule),
            }
        }
        Self::new(node(flat.into()))
    }
}

impl Not for Rule {
    type Output = Self;

    fn not(self) -> Self {
        self.negate()
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.node() == other.node()
    }
}

/// Prints the rule as [`Display`](fmt::Display) does.
impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({self})")
    }
}
