//! Guards over a resource: who may do what to which one.

mod absent;
mod action;
mod asking;
mod authorize;
mod deadline;
mod detached;
mod filter;
mod nested;
mod path_parameters;
mod permit;
mod policy;
mod query;
mod resource;
mod source;
mod steps;
mod submitted;
mod target;
pub(crate) mod template;
mod tenant;
mod told;
mod watched;

#[cfg(test)]
mod tests;

pub use self::absent::Absent;
pub use self::action::{Action, Create, Delete, Read, Write};
pub use self::asking::Asking;
pub use self::authorize::Guard;
pub use self::detached::Detached;
pub use self::filter::{
    Dialect, Field, FieldType, Filter, FilterTooLarge, Filtered, ListPolicy, MAX_FILTER_TERMS, Predicate,
    SqlPart, Value, Visible,
};
pub use self::nested::{ChildOf, LoadWithin, PermitWithin};
pub use self::path_parameters::PathParameters;
pub use self::permit::Permit;
pub use self::policy::{AsyncPolicy, Awaited, Policy};
pub use self::resource::{Apart, DEFAULT_DECISION_DEADLINE, DEFAULT_LOAD_DEADLINE, Load, OnDeny, Resource};
pub use self::source::{MAX_IDENTIFIER, Source};
pub use self::submitted::{DEFAULT_MAX_BODY_BYTES, Submitted};
pub use self::tenant::{LoadInTenant, TenantScoped, TenantStore, TenantsApart, ViewOfTenant};
pub use self::watched::MAX_WATCHED_POLICIES;
