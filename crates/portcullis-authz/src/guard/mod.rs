//! Guards over a resource: who may do what to which one.

mod action;
mod authorize;
mod path_parameters;
mod permit;
mod policy;
mod resource;
mod target;
mod template;

#[cfg(test)]
mod tests;

pub use self::action::{Action, Create, Delete, Read, Write};
pub use self::authorize::Guard;
pub use self::path_parameters::PathParameters;
pub use self::permit::Permit;
pub use self::policy::Policy;
pub use self::resource::{Load, OnDeny, Resource};
