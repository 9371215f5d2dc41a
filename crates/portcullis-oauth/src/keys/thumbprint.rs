//! Thumbprints of keys (RFC 7638).

use std::fmt;

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The SHA-256 thumbprint of a key (RFC 7638 §3): equal for the same key, however its document is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// Hashes the required members, which the caller gives in the order of their names (RFC 7638 §3.2). The
    /// values are base64url text or registered names, which JSON writes as they are.
    pub(super) fn of(members: &[(&str, &str)]) -> Self {
        let mut hash = Context::new(&SHA256);
        for (index, (name, value)) in members.iter().enumerate() {
            let opening = if index == 0 { "{\"" } else { ",\"" };
            for text in [opening, name, "\":\"", value, "\""] {
                hash.update(text.as_bytes());
            }
        }
        hash.update(b"}");
        Self::from_digest(&hash.finish())
    }

    /// Tells secrets apart; nobody but this process ever sees it.
    pub(super) fn of_secret(secret: &[u8]) -> Self {
        Self::from_digest(&digest(&SHA256, secret))
    }

    fn from_digest(digest: &Digest) -> Self {
        let mut octets = [0; 32];
        octets.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        Self(octets)
    }

    pub(crate) const fn from_bytes(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The octets of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}
