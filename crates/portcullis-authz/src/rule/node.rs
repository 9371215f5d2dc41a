//! What a rule is made of.

use std::sync::Arc;
use std::time::Duration;

use portcullis_core::{Decision, InvalidScope, RequestView, Scope, Scopes};
use serde_json::Value;

use super::Rule;
use super::assurance::{AcrList, is_too_short};

/// A node with what is known of it before any request.
pub(super) struct Inner {
    node: Node,
    open: Openness,
}

impl Inner {
    pub(super) fn new(node: Node) -> Self {
        let open = Openness::of(&node);
        Self { node, open }
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    pub(super) fn needs_principal(&self) -> bool {
        !(self.open.says_anonymous && self.open.allows)
    }
}

#[derive(PartialEq)]
pub(super) enum Node {
    Acr(AcrList),
    All(Box<[Rule]>),
    Amr(Box<str>),
    Anonymous,
    Any(Box<[Rule]>),
    Authenticated,
    Claim(Box<str>, Value),
    Custom(Custom),
    MaxAge(Duration),
    Not(Rule),
    Role(Box<str>),
    Scopes(ScopeList),
    SenderConstrained,
    User,
}

impl Node {
    pub(super) fn as_all(&self) -> Option<&[Rule]> {
        if let Self::All(rules) = self { Some(rules) } else { None }
    }

    pub(super) fn as_any(&self) -> Option<&[Rule]> {
        if let Self::Any(rules) = self { Some(rules) } else { None }
    }

    /// Whether the node can mean nothing: it is refused when the configuration is read, and by negation it must
    /// not become a pass before that.
    pub(super) fn is_broken(&self) -> bool {
        match self {
            Self::Acr(list) => list.is_broken(),
            Self::Amr(name) | Self::Claim(name, _) | Self::Role(name) => name.is_empty(),
            Self::MaxAge(age) => is_too_short(*age),
            Self::Scopes(list) => list.is_broken(),
            _ => false,
        }
    }
}

/// Scopes as written, and as a set.
#[derive(PartialEq)]
pub(super) struct ScopeList {
    pub(super) quantity: Quantity,
    pub(super) written: Box<[Box<str>]>,
    /// The written ones that are valid.
    pub(super) set: Scopes,
    pub(super) invalid: Option<InvalidScope>,
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
        Self { quantity, written, set, invalid }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.written.is_empty() || self.invalid.is_some()
    }

    pub(super) fn is_satisfied_by(&self, held: &Scopes) -> bool {
        let (few, many) = if self.set.len() <= held.len() { (&self.set, held) } else { (held, &self.set) };
        match self.quantity {
            // The shorter list is walked, the longer one searched, whichever is the caller's.
            Quantity::Any => few.iter().any(|scope| many.contains(scope.as_str())),
            Quantity::All | Quantity::One => {
                self.set.len() <= held.len() && self.set.iter().all(|scope| held.contains(scope.as_str()))
            }
        }
    }
}

/// A predicate of the application's own.
pub(super) struct Custom {
    pub(super) name: Box<str>,
    pub(super) predicate: Arc<dyn Fn(&RequestView<'_>) -> Decision + Send + Sync>,
}

/// Two predicates are the same if they are the same closure, whatever their names.
impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.predicate, &other.predicate)
    }
}

/// What a rule can say to a request without a caller, whatever its predicates say.
#[derive(Clone, Copy)]
struct Openness {
    says_anonymous: bool,
    allows: bool,
    denies: bool,
}

impl Openness {
    fn of(node: &Node) -> Self {
        let atom = |says_anonymous, allows, denies| Self { says_anonymous, allows, denies };
        match node {
            Node::Anonymous => atom(true, true, false),
            Node::Custom(_) => atom(false, true, true),
            Node::Acr(_)
            | Node::Amr(_)
            | Node::Authenticated
            | Node::Claim(..)
            | Node::MaxAge(_)
            | Node::Role(_)
            | Node::Scopes(_)
            | Node::SenderConstrained
            | Node::User => atom(false, false, false),
            Node::Not(rule) => {
                let inner = rule.0.open;
                Self { allows: inner.denies, denies: inner.allows, ..inner }
            }
            Node::All(rules) => Self {
                says_anonymous: rules.iter().any(|rule| rule.0.open.says_anonymous),
                allows: rules.iter().all(|rule| rule.0.open.allows),
                // A missing caller is named before any other obstacle, and its negation is no pass.
                denies: rules.iter().any(|rule| rule.0.open.denies)
                    && rules.iter().all(|rule| rule.0.open.allows || rule.0.open.denies),
            },
            Node::Any(rules) => Self {
                says_anonymous: rules.iter().any(|rule| rule.0.open.says_anonymous),
                allows: rules.iter().any(|rule| rule.0.open.allows),
                denies: rules.iter().all(|rule| rule.0.open.denies),
            },
        }
    }
}
