//! Tokens that no longer count, although they verify: the deny-list of this process.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use portcullis_core::{Clock, Reason};
//! use portcullis_oauth::revocation::DenyList;
//! use portcullis_oauth::{Issuer, JwtBearer, StaticKeys};
//! use portcullis_testkit::TestIssuer;
//!
//! # let server = TestIssuer::offline("https://login.example.com").with_audience("https://api.example.com");
//! # let jwks = StaticKeys::new().jwks(server.jwks_json());
//! let clock = Clock::system();
//! let revoked = Arc::new(DenyList::new(&clock));
//! let issuer = Issuer::new("https://login.example.com").audience("https://api.example.com").keys(jwks);
//! let tokens = JwtBearer::issuer(issuer).revocations(revoked.clone()).build(&clock)?;
//!
//! let token = server.token("alice").claim("jti", "token-1").sign();
//! assert!(tokens.verify(&token).done().unwrap().is_ok());
//!
//! revoked.revoke_token("https://login.example.com", "token-1", clock.wall() + Duration::from_secs(300)).unwrap();
//! let refused = tokens.verify(&token).done().unwrap().unwrap_err();
//! assert_eq!((refused.status().as_u16(), refused.reason()), (401, Reason::TokenRevoked));
//! # Ok::<(), portcullis_core::ConfigErrors>(())
//! ```
//!
//! Customised: room for fewer entries, and tokens that live for an hour at most.
//!
//! ```
//! use std::time::Duration;
//! use portcullis_core::Clock;
//! use portcullis_oauth::revocation::{DenyList, DenyListError};
//!
//! let revoked = DenyList::new(&Clock::system())
//!     .with_max_entries(1)
//!     .with_max_token_life(Duration::from_secs(3600));
//! assert_eq!(revoked.revoke_session("https://login.example.com", "session-1"), Ok(()));
//!
//! // Refused: the list is full, and never forgets what still counts.
//! let refused = revoked.revoke_session("https://login.example.com", "session-2");
//! assert_eq!(refused, Err(DenyListError::Full));
//! ```
//!
//! # How it decides
//!
//! 1. A token is revoked by its issuer and `jti`, by its issuer and `sid`, or by its issuer, `sub` and `iat`. One
//!    that does not say when it was issued is revoked with its subject.
//! 2. An entry is kept until the time that was named, and [`KEPT_AFTER`] longer, since a token counts beyond its
//!    `exp` for the leeway. After that it may be forgotten.
//! 3. The list holds [`DEFAULT_MAX_ENTRIES`]. When it is full, what may be forgotten is. If that is nothing, the new
//!    revocation is refused with an error: **nothing that still counts is ever pushed out**, so nobody can bring a
//!    revoked token back by filling the list. Whoever revokes must look at the error.
//! 4. A question takes one shared lock of one of several parts, and none at all while nothing of a kind is revoked.
//!    It allocates nothing and does not read the clock.
//!
//! # What it does not do
//!
//! It lives in this process: other replicas do not see it, and it is empty after a restart. A shared store implements
//! [`Revocations`](portcullis_core::Revocations) and [`RevocationSink`](portcullis_core::RevocationSink) instead.

mod deny_list;
mod table;

pub use self::deny_list::{
    DEFAULT_MAX_ENTRIES, DEFAULT_MAX_TOKEN_LIFE, DenyList, DenyListError, KEPT_AFTER, MAX_IDENTIFIER_OCTETS,
};

#[cfg(test)]
mod tests;
