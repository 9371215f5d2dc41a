//! The token itself: its outer form, its header, its claims, and the order in which they are checked.

mod claims;
mod compact;
mod header;
mod kind;
mod known_headers;
mod parts;
mod principal;
mod recall;
mod signature;
#[cfg(any(feature = "introspection", feature = "logout"))]
mod signed;
mod verifier;

pub use self::compact::DEFAULT_MAX_TOKEN_OCTETS;
pub use self::verifier::JwtVerifier;

#[cfg(feature = "introspection")]
pub(crate) use self::claims::Registered;
pub(crate) use self::compact::Compact;
pub(crate) use self::kind::is_media_type;
pub(crate) use self::known_headers::KnownHeaders;
#[cfg(feature = "introspection")]
pub(crate) use self::principal::verified;
#[cfg(any(feature = "introspection", feature = "logout"))]
pub(crate) use self::signed::{SignedAs, signed_claims};
pub(crate) use self::verifier::{Rules, Settings};

#[cfg(test)]
mod tests;
