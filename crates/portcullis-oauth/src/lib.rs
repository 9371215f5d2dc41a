#![doc = include_str!("../README.md")]

mod algorithm;
mod base64url;
mod bearer;
mod bucket;
mod cache;
pub mod dpop;
#[cfg(any(feature = "introspection", feature = "logout"))]
mod form;
#[cfg(feature = "introspection")]
pub mod introspection;
mod json;
mod jwt;
pub mod keys;
#[cfg(feature = "logout")]
pub mod logout;
mod profiles;
#[cfg(feature = "discovery")]
pub mod remote;
pub mod replay;
pub mod revocation;
mod tenants;
#[cfg(test)]
mod testing;
mod token;

#[doc(inline)]
pub use self::algorithm::Algorithm;
pub use self::bearer::{
    DEFAULT_ALGORITHMS, DEFAULT_LEEWAY, DEFAULT_MAX_ACTORS, Issuer, JwtBearer, MAX_LEEWAY, Profile,
};
pub use self::cache::{DEFAULT_REMEMBERED_OCTETS, DEFAULT_REMEMBERED_TOKENS, RememberTokens};
#[doc(inline)]
pub use self::dpop::Dpop;
#[cfg(feature = "introspection")]
#[doc(inline)]
pub use self::introspection::Introspection;
pub use self::jwt::{DEFAULT_MAX_TOKEN_OCTETS, JwtVerifier};
#[doc(inline)]
pub use self::keys::{KeySet, KeySource, StaticKeys};
#[cfg(feature = "logout")]
#[doc(inline)]
pub use self::logout::BackChannelLogout;
pub use self::profiles::IdentityProvider;
#[doc(inline)]
pub use self::revocation::DenyList;
pub use self::tenants::{
    CANDIDATE_BURST, CANDIDATE_INTERVAL, DEFAULT_MAX_TENANTS, MAX_CANDIDATES, MAX_TENANT_OCTETS, Tenants,
};
#[cfg(feature = "discovery")]
pub use self::tenants::{MAX_TENANT_REFRESHES, TENANT_IN_USE_FOR};
