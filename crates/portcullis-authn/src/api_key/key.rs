//! One API key, as the server knows it.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_core::{ConfigCode, ConfigError, Principal, Secret};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::random::{RandomnessUnavailable, random};

/// The shortest key that is taken as text: 22 characters of base64url carry 128 bits; hexadecimal needs 32.
pub const MIN_KEY_LEN: usize = 22;

/// An API key: the SHA-256 of its text, whom it stands for, and when it ends. The text itself is not kept.
///
/// A plain hash is enough, since the text is random: there is nothing to guess. Keys that people choose are
/// refused. Clones are free.
///
/// ```
/// use portcullis_authn::ApiKey;
/// use portcullis_core::{CredentialMethod, Principal};
///
/// let robot = Principal::builder("robot", CredentialMethod::ApiKey).token_id("key-1").build();
/// let (secret, key) = ApiKey::generate("docs_", "key-1", robot).unwrap();
///
/// // The secret is shown once, to its owner; the hash is what is stored.
/// assert_eq!(&ApiKey::hash_of(secret.expose()), key.hash());
/// assert!(secret.expose().starts_with(b"docs_"));
/// ```
#[derive(Clone)]
pub struct ApiKey(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    id: Box<str>,
    hash: [u8; 32],
    principal: Principal,
    expires_at: Option<SystemTime>,
}

impl ApiKey {
    /// A fresh key: the prefix and 256 random bits as base64url. The secret is returned once and kept nowhere.
    ///
    /// The prefix tells the owner's tools and leak scanners what the text is; a scheme picks its keys by it.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`].
    pub fn generate(
        prefix: &str,
        id: &str,
        principal: Principal,
    ) -> Result<(Secret, Self), RandomnessUnavailable> {
        let random = Zeroizing::new(random::<32>()?);
        let text =
            Zeroizing::new(format!("{prefix}{}", *Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_ref()))));
        let key = Self::from_hash(id, Self::hash_of(text.as_bytes()), principal);
        Ok((Secret::from(text.as_str()), key))
    }

    /// A key whose text is configured.
    ///
    /// # Errors
    /// [`ConfigCode::WeakApiKey`] if the text cannot hold 128 random bits: under [`MIN_KEY_LEN`] characters, under
    /// 32 if all are hexadecimal, or with fewer than 8 different ones.
    pub fn from_secret(id: &str, text: &Secret, principal: Principal) -> Result<Self, ConfigError> {
        match weakness(text.expose()) {
            None => Ok(Self::from_hash(id, Self::hash_of(text.expose()), principal)),
            Some(why) => {
                let message = format!("api key `{}` {why}", id.escape_debug());
                Err(ConfigError::new(ConfigCode::WeakApiKey, message))
            }
        }
    }

    /// A key whose hash is stored.
    #[must_use]
    pub fn from_hash(id: &str, hash: [u8; 32], principal: Principal) -> Self {
        Self(Arc::new(Inner { id: id.into(), hash, principal, expires_at: None }))
    }

    /// Ends the key at this time. By default, it does not end.
    #[must_use]
    pub fn expires_at(mut self, expires_at: SystemTime) -> Self {
        Arc::make_mut(&mut self.0).expires_at = Some(expires_at);
        self
    }

    /// The hash under which a key is stored and looked up: SHA-256 of its text.
    #[must_use]
    pub fn hash_of(text: &[u8]) -> [u8; 32] {
        Sha256::digest(text).into()
    }

    /// The identifier; not a secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The hash.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.0.hash
    }

    /// Who calls with this key.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// When it ends.
    #[must_use]
    pub fn expiry(&self) -> Option<SystemTime> {
        self.0.expires_at
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.0.expires_at.is_some_and(|end| end <= now)
    }
}

fn weakness(text: &[u8]) -> Option<&'static str> {
    let hexadecimal = text.iter().all(u8::is_ascii_hexdigit);
    let different = text.iter().collect::<std::collections::BTreeSet<_>>().len();
    if !text.iter().all(u8::is_ascii_graphic) {
        Some("has characters that a header cannot carry")
    } else if text.len() > super::MAX_KEY_LEN {
        Some("is longer than any key that is read")
    } else if text.len() < MIN_KEY_LEN || (hexadecimal && text.len() < 32) || different < 8 {
        Some("cannot hold 128 random bits")
    } else {
        None
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.0.id)
            .field("subject", &self.0.principal.subject())
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}
