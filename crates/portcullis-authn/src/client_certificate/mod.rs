//! Client certificates as a scheme.

mod distinguished_name;
mod identity;
mod read;
mod scheme;
mod spiffe;

#[cfg(test)]
#[cfg(all(feature = "api-keys", feature = "passwords"))]
mod tests;

pub use self::identity::CertificateIdentity;
pub use self::scheme::ClientCertificates;
pub use self::spiffe::{MAX_SPIFFE_ID_LEN, SpiffeId};
