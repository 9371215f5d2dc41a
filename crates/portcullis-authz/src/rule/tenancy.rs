//! Whether a rule lets nobody by who was not asked for the tenant.

use super::Rule;
use super::attribute::Attribute;
use super::node::Node;

impl Rule {
    /// The path parameters of which it asks [`tenant_matches`](crate::tenant_matches) in earnest, if only in one alternative.
    #[must_use]
    pub fn tenant_parameters(&self) -> Vec<&str> {
        match self.node() {
            Node::All(rules) | Node::Any(rules) => rules.iter().flat_map(Self::tenant_parameters).collect(),
            Node::Not(rule) => rule.firm().tenant_parameters(),
            Node::Unless(unless) => {
                unless.allow.iter().chain(&unless.deny).flat_map(Self::tenant_parameters).collect()
            }
            Node::Attribute(Attribute::Tenant(parameter)) => vec![parameter],
            _ => Vec::new(),
        }
    }

    /// Whether nobody is allowed without [`tenant_matches`](crate::tenant_matches) of this path parameter, or without a word that
    /// [any tenant](crate::danger_any_tenant) will do: every alternative has one of them, in earnest. What is only
    /// [watched](Self::in_mode), if only for some of the requests, keeps nobody out.
    ///
    /// ```
    /// use portcullis_authz::{danger_any_tenant, role, scope, tenant_matches};
    ///
    /// let own = tenant_matches("tenant");
    /// assert!(scope("a").and(own.clone()).heeds_tenant("tenant"));
    /// assert!(!scope("a").and(own.clone().shadowed()).heeds_tenant("tenant"));
    /// assert!(!scope("a").or(own.clone()).heeds_tenant("tenant"));
    /// assert!(own.or(role("operator").and(danger_any_tenant("tenant"))).heeds_tenant("tenant"));
    /// ```
    #[must_use]
    pub fn heeds_tenant(&self, parameter: &str) -> bool {
        match self.node() {
            Node::All(rules) => rules.iter().any(|rule| rule.heeds_tenant(parameter)),
            Node::Any(rules) => rules.iter().all(|rule| rule.firm().heeds_tenant(parameter)),
            Node::Attribute(attribute @ (Attribute::Tenant(_) | Attribute::AnyTenant(_))) => {
                attribute.path_parameter() == Some(parameter)
            }
            Node::Not(rule) => rule.firm().keeps_out_others_than(parameter),
            Node::Unless(unless) => {
                unless.allow.as_ref().is_none_or(|allow| allow.heeds_tenant(parameter))
                    || unless.deny.iter().any(|deny| deny.keeps_out_others_than(parameter))
            }
            _ => false,
        }
    }

    /// Whether every caller of another tenant meets it, so that its negation keeps them out.
    fn keeps_out_others_than(&self, parameter: &str) -> bool {
        match self.node() {
            Node::Any(rules) => rules.iter().any(|rule| rule.keeps_out_others_than(parameter)),
            Node::Not(rule) => rule.firm().heeds_tenant(parameter),
            _ => false,
        }
    }
}
