//! Attacks on JWT, as data: the families that RFC 8725 and the common attack tools know.
//!
//! The same list runs against functions and over sockets. Each token would be accepted by a server that forgets
//! the one check that the attack is named after.
//!
//! ```
//! use portcullis_testkit::{TestIssuer, attacks};
//!
//! let issuer = TestIssuer::offline("https://issuer.example");
//! let attacker = TestIssuer::offline("https://attacker.example");
//!
//! // Tokens that would open every door, if they were accepted.
//! let base = issuer.token("alice").scope("documents:read documents:write").roles(["admin"]);
//! for attack in attacks::against(&base, &attacker) {
//!     let accepted = false; // send `attack.token` to your server here
//!     assert!(!accepted, "{}: {}", attack.name, attack.why);
//!     assert!([400, 401].contains(&attack.status()));
//! }
//! ```

mod algorithm;
mod claims;
mod confusion;
mod header;
mod key_source;
mod signature;
mod syntax;

use std::fmt;

use crate::issuer::TestIssuer;
use crate::token::TokenBuilder;

/// A token that must be refused.
#[derive(Clone)]
#[non_exhaustive]
pub struct Attack {
    /// What it is called; no two have the same name.
    pub name: String,
    /// The token: printable ASCII, so that it can stand in a header field.
    pub token: String,
    /// What stops it, with the standard that says so.
    pub why: &'static str,
    /// Whether it is stopped by the strict profile of RFC 9068 alone: a server that takes tokens of older
    /// issuers may accept it.
    pub strict_only: bool,
}

impl Attack {
    fn new(name: impl Into<String>, token: impl Into<String>, why: &'static str) -> Self {
        Self { name: name.into(), token: token.into(), why, strict_only: false }
    }

    fn strict_only(self) -> Self {
        Self { strict_only: true, ..self }
    }

    /// The status of the answer: 401, or 400 if the token cannot be the credential of an `Authorization` field at
    /// all (RFC 6750 §2.1, §3.1).
    #[must_use]
    pub fn status(&self) -> u16 {
        if is_token68(&self.token) { 401 } else { 400 }
    }
}

impl fmt::Debug for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attack").field("name", &self.name).field("why", &self.why).finish_non_exhaustive()
    }
}

/// All attacks on the issuer's tokens, by an attacker that runs an issuer as well.
///
/// Start the attacker with [`TestIssuer::start`] to see whether anything asks it for keys:
/// [`TestIssuer::requests`] must stay zero.
#[must_use]
pub fn all(issuer: &TestIssuer, attacker: &TestIssuer) -> Vec<Attack> {
    against(&issuer.token("alice"), attacker)
}

/// All attacks that begin with this token, which is valid, so that it shows when one succeeds.
#[must_use]
pub fn against(base: &TokenBuilder, attacker: &TestIssuer) -> Vec<Attack> {
    [
        algorithm::list(base),
        claims::list(base, attacker),
        confusion::list(base),
        header::list(base),
        key_source::list(base, attacker),
        signature::list(base, attacker),
        syntax::list(base),
    ]
    .concat()
}

/// RFC 9110 §11.2.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

#[cfg(test)]
mod tests;
