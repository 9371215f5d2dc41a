#![doc = include_str!("../README.md")]

mod beside;
mod catalog;
#[cfg(feature = "conformance")]
pub mod conformance;
mod demand;
pub mod engine;
mod fields;
mod guard;
mod hierarchy;
mod layer;
mod meaning;
mod nearest;
mod refusal;
mod roles;
mod rule;
mod scoped;
mod vocabulary;
mod vocabulary_layer;

#[cfg(test)]
mod test_support;

#[cfg(feature = "axum-core-05")]
mod axum_core_05;
#[cfg(feature = "axum-core-05")]
mod inquiry;

pub use self::catalog::{MAX_DECLARED_SCOPES, ScopeCatalog};
pub use self::demand::{Demand, Demands, Proof};
pub use self::engine::{Ask, AskLayer, DecisionPoint, Describe, EnginePolicy, Question, ask};
pub use self::fields::{
    Assigned, FieldPolicy, FieldSet, Hidden, MAX_FIELD_DEPTH, MAX_FIELD_PATHS, MAX_REDACTED_DEPTH, Redacted,
};
pub use self::guard::{
    Absent, Action, Apart, Asking, AsyncPolicy, Awaited, ChildOf, Create, DEFAULT_DECISION_DEADLINE,
    DEFAULT_LOAD_DEADLINE, DEFAULT_MAX_BODY_BYTES, Delete, Detached, Dialect, Field, FieldType, Filter,
    FilterTooLarge, Filtered, Guard, ListPolicy, Load, LoadInTenant, LoadWithin, MAX_FILTER_TERMS,
    MAX_IDENTIFIER, MAX_WATCHED_POLICIES, OnDeny, PathParameters, Permit, PermitWithin, Policy, Predicate,
    Read, Resource, Source, SqlPart, Submitted, TenantScoped, TenantStore, TenantsApart, Value, ViewOfTenant,
    Visible, Write,
};
#[cfg(feature = "axum-core-05")]
pub use self::inquiry::Inquiry;
pub use self::layer::{AuthorizationLayer, AuthorizeRequest};
pub use self::meaning::{RoleMeaning, ScopeMeaning};
#[cfg(feature = "toml")]
pub use self::roles::MAX_FILE as MAX_ROLE_FILE;
pub use self::roles::{
    DEFAULT_RELOAD_DEADLINE, DEFAULT_RELOAD_INTERVAL, LoadRoles, MAX_GRANTS, MAX_NAME as MAX_ROLE_NAME,
    MAX_PERMISSIONS, MAX_ROLES, RoleModel, RoleModelBuilder, RoleModelError,
};
pub use self::rule::{
    AUTH_TIME_LEEWAY, Alternative, MAX_ALTERNATIVES, Rule, acr, after, all_scopes, amr, anonymous, any_acr,
    any_client, any_network, any_scope, authenticated, before, claim, client, danger_any_tenant, forbid,
    group, issuer, max_age, network, permission, role, rule_fn, scope, sender_constrained, tenant_matches,
    user_only, via_method, when, within_hours,
};
pub use self::scoped::{ScopeSet, Scoped};
pub use self::vocabulary::Vocabulary;
pub use self::vocabulary_layer::{Speak, VocabularyLayer};
