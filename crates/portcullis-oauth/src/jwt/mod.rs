//! The token itself: its outer form, its header, its claims, and the order in which they are checked.

mod claims;
mod compact;
mod header;
mod kind;
mod parts;
mod principal;
mod recall;
mod signature;
mod verifier;

pub use self::compact::DEFAULT_MAX_TOKEN_OCTETS;
pub use self::verifier::JwtVerifier;

pub(crate) use self::compact::Compact;
pub(crate) use self::kind::is_media_type;
pub(crate) use self::verifier::{Rules, Settings};

#[cfg(test)]
mod tests;
