//! API keys: random, stored as a hash, replaceable while the program runs.

mod erased;
mod key;
mod place;
mod scheme;
mod set;
mod source;

#[cfg(test)]
#[cfg(all(feature = "api-keys", feature = "passwords"))]
mod tests;

pub use self::erased::DynApiKeyStore;
pub use self::key::{ApiKey, MIN_KEY_LEN};
pub use self::scheme::{ApiKeys, MAX_KEY_LEN};
pub use self::set::ApiKeySet;
pub use self::source::{ApiKeyStore, FromSet, FromStore, KeySource, NoKeys};
