#![doc = include_str!("../README.md")]

mod algorithm;
mod base64url;
mod bearer;
mod json;
mod jwt;
pub mod keys;
#[cfg(feature = "discovery")]
pub mod remote;
#[cfg(test)]
mod testing;
mod token;

#[doc(inline)]
pub use self::algorithm::Algorithm;
pub use self::bearer::{DEFAULT_LEEWAY, Issuer, JwtBearer, MAX_LEEWAY, Profile};
pub use self::jwt::{DEFAULT_MAX_TOKEN_OCTETS, JwtVerifier};
#[doc(inline)]
pub use self::keys::{KeySet, KeySource, StaticKeys};
