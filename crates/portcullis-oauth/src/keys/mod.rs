//! The keys of an issuer: parsed once, bound to their algorithms, found by `kid`.

mod ed25519;
mod jwk;
mod key;
#[cfg(feature = "pem")]
mod pem;
mod set;
mod shared;
mod source;
mod statics;
mod thumbprint;

pub use self::jwk::UnusableKey;
pub(crate) use self::jwk::read_for;
pub use self::key::{InvalidSignature, VerifyingKey};
pub use self::set::{KeySet, KeySetError, MAX_KEY_SET_OCTETS, MAX_KEYS, SkippedKey};
pub use self::source::{IntoKeySource, KeyLookup, KeySource, KeySourceContext, KeyStanding};
pub use self::statics::StaticKeys;
pub use self::thumbprint::Thumbprint;

pub(crate) use self::shared::SharedClient;

#[cfg(test)]
mod tests;
