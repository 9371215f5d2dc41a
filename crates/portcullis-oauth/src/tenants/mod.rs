//! Issuers that are not listed one by one: one per tenant of a provider.

mod candidates;
mod directory;
mod pattern;
mod settings;
#[cfg(feature = "discovery")]
mod upkeep;
mod used;

pub use self::pattern::MAX_TENANT_OCTETS;
pub use self::settings::{CANDIDATE_BURST, CANDIDATE_INTERVAL, DEFAULT_MAX_TENANTS, MAX_CANDIDATES, Tenants};
#[cfg(feature = "discovery")]
pub use self::upkeep::{MAX_TENANT_REFRESHES, TENANT_IN_USE_FOR};

pub(crate) use self::directory::Directory;

#[cfg(test)]
mod tests;
