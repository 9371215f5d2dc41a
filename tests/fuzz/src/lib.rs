//! One module per fuzz target: what may hold whatever the octets are.
//!
//! A target does more than to survive: it says what an accepted input must be like.

pub mod authorization;
pub mod basic;
pub mod challenge;
pub mod client_certificate;
pub mod cors;
pub mod escape;
pub mod forwarded;
pub mod jwt;
pub mod key_set;
pub mod logout;
pub mod password_hash;
pub mod path;
pub mod proof;
pub mod scopes;
mod support;

/// Runs on any octets, and panics where something does not hold.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("authorization", authorization::run),
    ("basic", basic::run),
    ("challenge", challenge::run),
    ("client_certificate", client_certificate::run),
    ("cors", cors::run),
    ("escape", escape::run),
    ("forwarded", forwarded::run),
    ("jwt", jwt::run),
    ("key_set", key_set::run),
    ("logout", logout::run),
    ("password_hash", password_hash::run),
    ("path", path::run),
    ("proof", proof::run),
    ("scopes", scopes::run),
];
