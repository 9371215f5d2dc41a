//! A parsed key set: an immutable snapshot with a look-up by `kid` in constant time.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use foldhash::quality::RandomState;
use portcullis_core::escape::Escaped;
use thiserror::Error;

use super::jwk::{self, UnusableKey};
use super::key::VerifyingKey;
use super::source::KeyLookup;
use crate::json::{self, Json};

/// The largest key set document that is read, in octets: 256 KiB.
pub const MAX_KEY_SET_OCTETS: usize = 256 * 1024;

/// Up to so many keys, comparing each is quicker than looking for a name.
const FEW: usize = 4;

/// The most keys that a set may hold.
pub const MAX_KEYS: usize = 256;

/// The keys of one issuer as they were at one moment; clones are free.
///
/// ```
/// use portcullis_oauth::keys::KeySet;
///
/// let document = br#"{"keys":[
///     {"kty":"OKP","crv":"Ed25519","kid":"a","use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty":"oct","kid":"b","k":"c2VjcmV0"}
/// ]}"#;
/// let (keys, skipped) = KeySet::from_jwks_json(document)?;
/// assert_eq!(keys.len(), 1);
/// assert!(keys.knows("a") && !keys.knows("b"));
/// assert_eq!(skipped[0].to_string(), "key 1 with kid `b`: symmetric keys are never taken from a key set");
/// # Ok::<(), portcullis_oauth::keys::KeySetError>(())
/// ```
#[derive(Clone)]
pub struct KeySet(Arc<Inner>);

/// Keys by name. Only the issuer adds to it, so that a quick hash serves: nobody else can make names that collide.
type Names = HashMap<Box<str>, Arc<[VerifyingKey]>, RandomState>;

struct Inner {
    all: Arc<[VerifyingKey]>,
    by_kid: Names,
    nameless: Arc<[VerifyingKey]>,
}

impl KeySet {
    /// Reads a JWK set (RFC 7517 §5). A key that cannot be used is skipped with its reason; the rest works.
    ///
    /// # Errors
    /// [`KeySetError`] if the document is too large, is not a JSON object with a list `keys`, or lists more than
    /// [`MAX_KEYS`]. A set in which no key can be used is no error here.
    pub fn from_jwks_json(document: &[u8]) -> Result<(Self, Vec<SkippedKey>), KeySetError> {
        if document.len() > MAX_KEY_SET_OCTETS {
            return Err(KeySetError::TooLarge);
        }
        let document = json::object(document).ok_or(KeySetError::NotJson)?;
        let entries = document.members().get("keys").and_then(Json::as_list).ok_or(KeySetError::NoKeys)?;
        if entries.len() > MAX_KEYS {
            return Err(KeySetError::TooManyKeys);
        }
        let mut keys = Vec::with_capacity(entries.len());
        let mut skipped = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            match jwk::read(entry) {
                Ok(key) => keys.push(key),
                Err(reason) => skipped.push(SkippedKey { index, kid: jwk::kid_of(entry), reason }),
            }
        }
        Ok((Self::of(keys), skipped))
    }

    /// The set of these keys. A key that is there twice under the same name counts once.
    #[must_use]
    pub fn of(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        let mut all: Vec<VerifyingKey> = Vec::new();
        for key in keys {
            if !all.iter().any(|known| known.is_same_as(&key)) {
                all.push(key);
            }
        }
        let mut named: HashMap<Box<str>, Vec<VerifyingKey>> = HashMap::new();
        let mut nameless = Vec::new();
        for key in &all {
            match key.kid() {
                Some(kid) => named.entry(kid.into()).or_default().push(key.clone()),
                None => nameless.push(key.clone()),
            }
        }
        let by_kid = named.into_iter().map(|(kid, keys)| (kid, keys.into())).collect();
        Self(Arc::new(Inner { all: all.into(), by_kid, nameless: nameless.into() }))
    }

    /// The keys that a token with this `kid` may have been signed with: those of exactly that name, or, if no
    /// key has it, those without a name; for a token without `kid`, all.
    #[must_use]
    pub fn lookup(&self, kid: Option<&str>) -> KeyLookup {
        let keys = match kid {
            None => &self.0.all,
            Some(kid) => self.0.by_kid.get(kid).unwrap_or(&self.0.nameless),
        };
        KeyLookup::found(Arc::clone(keys))
    }

    /// The keys of exactly this name, if there are any.
    pub(super) fn named(&self, kid: &str) -> Option<&[VerifyingKey]> {
        self.0.by_kid.get(kid).map(AsRef::as_ref)
    }

    /// Whether a key has exactly this name.
    #[must_use]
    pub fn knows(&self, kid: &str) -> bool {
        self.0.by_kid.contains_key(kid)
    }

    /// Whether this very key, under its name and for its algorithms, is in the set.
    #[must_use]
    pub fn holds(&self, key: &VerifyingKey) -> bool {
        if self.0.all.len() <= FEW {
            return self.0.all.iter().any(|known| known.is_same_as(key));
        }
        let named = match key.kid() {
            Some(kid) => self.0.by_kid.get(kid),
            None => Some(&self.0.nameless),
        };
        named.is_some_and(|keys| keys.iter().any(|known| known.is_same_as(key)))
    }

    /// The keys, in the order of the document.
    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.0.all
    }

    /// How many keys can verify.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.all.len()
    }

    /// Whether no key can verify.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.all.is_empty()
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

/// A key of a set that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// Its place in the list, from zero.
    pub index: usize,
    /// Its name, if it has one; text from outside.
    pub kid: Option<Box<str>>,
    /// What is wrong with it.
    pub reason: UnusableKey,
}

impl fmt::Display for SkippedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}", self.index)?;
        if let Some(kid) = &self.kid {
            write!(f, " with kid `{}`", Escaped::new(kid).with_limit(64))?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// A document that is no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// It has no list `keys`.
    #[error("document has no list `keys`")]
    NoKeys,
    /// It is not one strict JSON object.
    #[error("document is not one JSON object without duplicate members")]
    NotJson,
    /// It is larger than [`MAX_KEY_SET_OCTETS`].
    #[error("document is larger than {MAX_KEY_SET_OCTETS} octets")]
    TooLarge,
    /// It lists more than [`MAX_KEYS`] keys.
    #[error("document lists more than {MAX_KEYS} keys")]
    TooManyKeys,
}
