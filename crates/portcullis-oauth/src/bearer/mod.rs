//! The scheme for bearer tokens: issuers, what their tokens must say, and how the layer asks.

mod issuer;
mod mapping;
mod profile;
mod scheme;

pub use self::issuer::{DEFAULT_ALGORITHMS, DEFAULT_LEEWAY, Issuer, MAX_LEEWAY};
pub use self::mapping::DEFAULT_MAX_ACTORS;
pub use self::profile::Profile;
pub use self::scheme::JwtBearer;

pub(crate) use self::issuer::IssuerRules;
#[cfg(any(feature = "introspection", feature = "logout"))]
pub(crate) use self::issuer::{Needs, Parts};
pub(crate) use self::mapping::{ClaimMapping, ClaimPath, ClientMark, Sign, path};

#[cfg(test)]
mod tests;
