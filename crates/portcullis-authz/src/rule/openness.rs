//! What a rule says to a request without a caller.

use super::Rule;
use super::node::Node;

/// What a rule can say to a request without a caller, whatever its predicates say.
#[derive(Clone, Copy)]
pub(super) struct Openness {
    says_anonymous: bool,
    allows: bool,
    denies: bool,
}

impl Openness {
    pub(super) const fn needs_principal(self) -> bool {
        !(self.says_anonymous && self.allows)
    }

    pub(super) fn of(node: &Node) -> Self {
        let atom = |says_anonymous, allows, denies| Self { says_anonymous, allows, denies };
        match node {
            Node::Anonymous => atom(true, true, false),
            Node::Custom(_) => atom(false, true, true),
            Node::Attribute(attribute) => {
                let of_request = !attribute.is_of_caller();
                atom(false, of_request, of_request)
            }
            Node::Acr(_)
            | Node::Amr(_)
            | Node::Authenticated
            | Node::Claim(..)
            | Node::MaxAge(_)
            | Node::Permission(_)
            | Node::Role(_)
            | Node::Scopes(_)
            | Node::SenderConstrained
            | Node::User => atom(false, false, false),
            Node::Not(rule) => {
                let inner = open(rule.firm());
                Self { allows: inner.denies, denies: inner.allows, ..inner }
            }
            // What is not enforced passes; what is may refuse.
            Node::InMode(_, rule) => Self { allows: true, ..open(rule) },
            // That nobody calls is no ground to forbid, but for what a negation says of callers.
            Node::Unless(unless) => unless.allow.as_ref().map_or(atom(false, false, true), open),
            Node::All(rules) => Self {
                says_anonymous: rules.iter().any(|rule| open(rule).says_anonymous),
                allows: rules.iter().all(|rule| open(rule).allows),
                // A missing caller is named before any other obstacle, and its negation is no pass.
                denies: rules.iter().any(|rule| open(rule).denies)
                    && rules.iter().all(|rule| open(rule).allows || open(rule).denies),
            },
            Node::Any(rules) => {
                let rules = || rules.iter().map(Rule::firm);
                Self {
                    says_anonymous: rules().any(|rule| open(rule).says_anonymous),
                    allows: rules().any(|rule| open(rule).allows),
                    denies: rules().all(|rule| open(rule).denies),
                }
            }
        }
    }
}

fn open(rule: &Rule) -> Openness {
    rule.0.open()
}
