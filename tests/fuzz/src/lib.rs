//! One module per fuzz target: what may hold whatever the octets are.
//!
//! A target does more than to survive: it says what an accepted input must be like.

pub mod authorization;
pub mod basic;
pub mod challenge;
pub mod cors;
pub mod escape;
pub mod forwarded;
pub mod jwt;
pub mod key_set;
pub mod password_hash;
pub mod path;
pub mod scopes;
mod support;

/// Runs on any octets, and panics where something does not hold.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("authorization", authorization::run),
    ("basic", basic::run),
    ("challenge", challenge::run),
    ("cors", cors::run),
    ("escape", escape::run),
    ("forwarded", forwarded::run),
    ("jwt", jwt::run),
    ("key_set", key_set::run),
    ("password_hash", password_hash::run),
    ("path", path::run),
    ("scopes", scopes::run),
];
