//! What a rule is made of.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use portcullis_core::escape::Escaped;
use portcullis_core::{Decision, Mode, RequestView};
use serde_json::Value;

use super::Rule;
use super::assurance::{AcrList, is_too_short};
use super::attribute::Attribute;
use super::openness::Openness;
use super::scope_list::ScopeList;
use crate::roles::RoleModel;

/// A node with what is known of it before any request.
pub(super) struct Inner {
    node: Node,
    open: Openness,
    conditions: u32,
    is_broken: bool,
    /// What metrics call it; printed when somebody asks for it first.
    part: OnceLock<Box<str>>,
}

/// How many characters of a rule metrics have.
const MAX_PART: usize = 128;

impl Inner {
    pub(super) fn new(node: Node) -> Self {
        let (open, conditions, is_broken) = (Openness::of(&node), node.conditions(), node.is_broken());
        Self { node, open, conditions, is_broken, part: OnceLock::new() }
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    /// Whether the node can mean nothing; see [`Node::is_broken`].
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The rule without the values of claims, cut.
    pub(super) fn part(&self) -> &str {
        self.part.get_or_init(|| {
            let printed = self.node.without_values().to_string();
            Escaped::new(&printed).with_limit(MAX_PART).to_string().into()
        })
    }

    pub(super) fn open(&self) -> Openness {
        self.open
    }

    pub(super) fn conditions(&self) -> u32 {
        self.conditions
    }
}

#[derive(PartialEq)]
pub(super) enum Node {
    Acr(AcrList),
    All(Box<[Rule]>),
    Amr(Box<str>),
    Anonymous,
    Any(Box<[Rule]>),
    Attribute(Attribute),
    Authenticated,
    Claim(Box<str>, Value),
    Custom(Custom),
    InMode(Mode, Rule),
    MaxAge(Duration),
    Not(Rule),
    Permission(Named),
    Role(Named),
    Scopes(ScopeList),
    SenderConstrained,
    Unless(Unless),
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
            Self::Amr(name) | Self::Claim(name, _) => name.is_empty(),
            Self::Attribute(attribute) => attribute.is_broken(),
            Self::MaxAge(age) => is_too_short(*age),
            Self::Permission(named) | Self::Role(named) => named.name.is_empty(),
            Self::Scopes(list) => list.is_broken(),
            _ => false,
        }
    }

    /// How many conditions there are, walking from left to right.
    pub(super) fn conditions(&self) -> u32 {
        let sum = |rules: &[Rule]| rules.iter().map(Rule::conditions).fold(0, u32::saturating_add);
        match self {
            Self::All(rules) | Self::Any(rules) => sum(rules),
            Self::Not(rule) | Self::InMode(_, rule) => rule.conditions(),
            Self::Unless(unless) => {
                let allow = unless.allow.as_ref().map_or(0, Rule::conditions);
                sum(&unless.deny).saturating_add(allow)
            }
            _ => 1,
        }
    }
}

/// A role or a permission, and the model that says who has it.
pub(super) struct Named {
    pub(super) name: Box<str>,
    pub(super) model: Option<RoleModel>,
}

/// The same is asked, whatever the rule was bound to.
impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What is forbidden whoever allows it. It stands around a whole rule, never within one.
#[derive(PartialEq)]
pub(super) struct Unless {
    /// What may be allowed; nothing, if a rule does no more than forbid.
    pub(super) allow: Option<Rule>,
    pub(super) deny: Box<[Rule]>,
}

/// A predicate of the application's own.
pub(super) struct Custom {
    /// The word that it was written with.
    pub(super) word: &'static str,
    pub(super) name: Box<str>,
    pub(super) predicate: Arc<dyn Fn(&RequestView<'_>) -> Decision + Send + Sync>,
}

/// Two predicates are the same if they are the same closure, whatever their names.
impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word && self.name == other.name && Arc::ptr_eq(&self.predicate, &other.predicate)
    }
}
