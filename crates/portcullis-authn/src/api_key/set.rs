//! API keys in memory.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};
use subtle::ConstantTimeEq;

use super::key::ApiKey;

/// A set of API keys that can be replaced as a whole while the program runs; clones are the same set.
///
/// An owner may have several keys at once: add the new one, let the clients change over, take the old one out.
///
/// ```
/// use portcullis_authn::{ApiKey, ApiKeySet};
/// use portcullis_core::{CredentialMethod, Principal};
///
/// let robot = Principal::builder("robot", CredentialMethod::ApiKey).build();
/// let (_, old) = ApiKey::generate("docs_", "2024", robot.clone()).unwrap();
/// let (_, new) = ApiKey::generate("docs_", "2025", robot).unwrap();
///
/// let keys = ApiKeySet::new([old.clone()]).unwrap();
/// keys.replace([old.clone(), new.clone()]).unwrap(); // both count
/// keys.replace([new]).unwrap();
/// assert!(keys.find(old.hash()).is_none());
/// ```
#[derive(Clone)]
pub struct ApiKeySet(Arc<ArcSwap<Table>>);

/// By the first octets of the hash; whatever time a look-up takes tells of nothing but a hash.
type Table = HashMap<u64, Vec<ApiKey>>;

impl ApiKeySet {
    /// The set of these keys.
    ///
    /// # Errors
    /// [`ConfigCode::DuplicateApiKey`] for each key whose hash or identifier is there twice.
    pub fn new(keys: impl IntoIterator<Item = ApiKey>) -> Result<Self, ConfigErrors> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(table(keys)?))))
    }

    /// Puts these keys in place of all others, at once: a request sees either the old or the new ones.
    ///
    /// # Errors
    /// As [`new`](Self::new); then the set stays as it was.
    pub fn replace(&self, keys: impl IntoIterator<Item = ApiKey>) -> Result<(), ConfigErrors> {
        self.0.store(Arc::new(table(keys)?));
        Ok(())
    }

    /// The key of this hash, expired or not; compared in constant time.
    #[must_use]
    pub fn find(&self, hash: &[u8; 32]) -> Option<ApiKey> {
        let table = self.0.load();
        table.get(&slot(hash))?.iter().find(|key| key.hash().ct_eq(hash).into()).cloned()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.load().values().map(Vec::len).sum()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn table(keys: impl IntoIterator<Item = ApiKey>) -> Result<Table, ConfigErrors> {
    let mut table = Table::new();
    let (mut ids, mut hashes) = (HashSet::new(), HashSet::new());
    let mut errors = ConfigErrors::new();
    for key in keys {
        let (new_id, new_hash) = (ids.insert(key.id().to_owned()), hashes.insert(*key.hash()));
        if new_id && new_hash {
            table.entry(slot(key.hash())).or_default().push(key);
        } else {
            let message = format!("api key `{}` is there twice", key.id().escape_debug());
            errors.push(ConfigError::new(ConfigCode::DuplicateApiKey, message));
        }
    }
    errors.into_result(table)
}

fn slot(hash: &[u8; 32]) -> u64 {
    hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

impl fmt::Debug for ApiKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApiKeySet").field(&self.len()).finish()
    }
}
