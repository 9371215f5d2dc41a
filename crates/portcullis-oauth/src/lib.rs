#![doc = include_str!("../README.md")]

mod algorithm;
mod base64url;
mod bearer;
mod cache;
pub mod dpop;
mod json;
mod jwt;
pub mod keys;
mod profiles;
#[cfg(feature = "discovery")]
pub mod remote;
pub mod replay;
#[cfg(test)]
mod testing;
mod token;

#[doc(inline)]
pub use self::algorithm::Algorithm;
pub use self::bearer::{DEFAULT_LEEWAY, DEFAULT_MAX_ACTORS, Issuer, JwtBearer, MAX_LEEWAY, Profile};
pub use self::cache::{DEFAULT_REMEMBERED_OCTETS, DEFAULT_REMEMBERED_TOKENS, RememberTokens};
#[doc(inline)]
pub use self::dpop::Dpop;
pub use self::jwt::{DEFAULT_MAX_TOKEN_OCTETS, JwtVerifier};
#[doc(inline)]
pub use self::keys::{KeySet, KeySource, StaticKeys};
pub use self::profiles::IdentityProvider;
