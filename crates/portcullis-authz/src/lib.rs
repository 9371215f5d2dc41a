#![doc = include_str!("../README.md")]

#[cfg(feature = "conformance")]
pub mod conformance;
mod demand;
pub mod engine;
mod guard;
mod layer;
mod refusal;
mod rule;
mod scoped;

#[cfg(test)]
mod test_support;

#[cfg(feature = "axum-core-05")]
mod axum_core_05;
#[cfg(feature = "axum-core-05")]
mod inquiry;

pub use self::demand::{Demands, Proof};
pub use self::engine::{Ask, AskLayer, DecisionPoint, Describe, Question, ask};
pub use self::guard::{
    Action, AsyncPolicy, Awaited, ChildOf, Create, DEFAULT_DECISION_DEADLINE, DEFAULT_LOAD_DEADLINE, Delete,
    Dialect, Field, FieldType, Filter, FilterTooLarge, Filtered, Guard, ListPolicy, Load, LoadInTenant,
    LoadWithin, MAX_FILTER_TERMS, MAX_IDENTIFIER, OnDeny, PathParameters, Permit, PermitWithin, Policy,
    Predicate, Read, Resource, Source, SqlPart, TenantScoped, TenantStore, Value, Visible, Write,
};
#[cfg(feature = "axum-core-05")]
pub use self::inquiry::Inquiry;
pub use self::layer::{AuthorizationLayer, AuthorizeRequest};
pub use self::rule::{
    AUTH_TIME_LEEWAY, Alternative, MAX_ALTERNATIVES, Rule, acr, all_scopes, amr, anonymous, any_acr,
    any_scope, authenticated, claim, max_age, role, rule_fn, scope, sender_constrained, user_only,
};
pub use self::scoped::{ScopeSet, Scoped};
