#![doc = include_str!("../README.md")]

mod guard;
mod layer;
mod refusal;
mod rule;
mod scoped;

#[cfg(test)]
mod test_support;

#[cfg(feature = "axum-core-05")]
mod axum_core_05;

pub use self::guard::{
    Action, Create, Delete, Guard, Load, OnDeny, PathParameters, Permit, Policy, Read, Resource, Write,
};
pub use self::layer::{AuthorizationLayer, AuthorizeRequest};
pub use self::rule::{Rule, all_scopes, anonymous, any_scope, authenticated, claim, role, rule_fn, scope};
pub use self::scoped::{ScopeSet, Scoped};
