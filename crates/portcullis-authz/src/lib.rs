#![doc = include_str!("../README.md")]

mod layer;
mod refusal;
mod rule;

pub use self::layer::{AuthorizationLayer, AuthorizeRequest};
pub use self::rule::{Rule, all_scopes, anonymous, any_scope, authenticated, claim, role, rule_fn, scope};
