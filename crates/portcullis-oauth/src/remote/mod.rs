#![doc = include_str!("README.md")]

mod absent;
mod date;
mod due;
mod edition;
mod error;
mod fetcher;
mod flight;
mod freshness;
mod key_set;
mod metadata;
mod policy;
mod settings;
mod snapshot;
mod upkeep;
mod waiting;

pub use self::error::RemoteError;
pub use self::key_set::RemoteKeySet;
pub use self::metadata::MAX_METADATA_OCTETS;
#[cfg(feature = "introspection")]
pub(crate) use self::metadata::{InvalidMetadata, introspection_endpoint, well_known};
pub use self::policy::{
    DEFAULT_ABSENCE, DEFAULT_BURST, DEFAULT_COOLDOWN, DEFAULT_MAX_AGE, DEFAULT_MAX_WAITERS, DEFAULT_TTL,
    DEFAULT_WAIT, MAX_BURST, MAX_RETRY_PAUSE, MIN_COOLDOWN, MIN_TTL, RETRY_PAUSE,
};
pub use self::settings::RemoteKeys;

#[cfg(test)]
mod tests;
