//! The keys of an issuer: parsed once, bound to their algorithms, found by `kid`.

mod jwk;
mod key;
mod set;
mod source;
mod thumbprint;

pub use self::jwk::UnusableKey;
pub use self::key::{InvalidSignature, VerifyingKey};
pub use self::set::{KeySet, KeySetError, MAX_KEY_SET_OCTETS, MAX_KEYS, SkippedKey};
pub use self::source::{KeyLookup, KeySource};
pub use self::thumbprint::Thumbprint;
