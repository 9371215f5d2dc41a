//! Which fields of a value a caller may see or set.

mod assigned;
mod form;
mod named;
mod policy;
mod redacted;
mod set;

#[cfg(test)]
mod tests;

pub use self::assigned::Assigned;
pub use self::policy::FieldPolicy;
pub use self::redacted::{Hidden, MAX_REDACTED_DEPTH, Redacted};
pub use self::set::{FieldSet, MAX_FIELD_DEPTH, MAX_FIELD_PATHS};
