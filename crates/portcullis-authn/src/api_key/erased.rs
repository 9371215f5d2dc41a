//! A store of API keys that is chosen at run time.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_core::StoreError;

use super::key::ApiKey;
use super::source::ApiKeyStore;

/// The erased twin of [`ApiKeyStore`]: every store is one, and `Arc<dyn DynApiKeyStore>` is a store again.
///
/// It costs a box for each look-up; take it where the kind of store is known only at run time.
///
/// ```
/// use std::sync::Arc;
///
/// use portcullis_authn::{ApiKey, ApiKeyStore, ApiKeys, DynApiKeyStore};
/// use portcullis_core::StoreError;
///
/// struct Empty;
///
/// impl ApiKeyStore for Empty {
///     async fn find(&self, _: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
///         Ok(None)
///     }
/// }
///
/// let store: Arc<dyn DynApiKeyStore> = Arc::new(Empty);
/// let scheme = ApiKeys::bearer("demo_").store(store);
/// # let _ = scheme;
/// ```
#[async_trait]
pub trait DynApiKeyStore: Send + Sync + 'static {
    /// See [`ApiKeyStore::find`].
    ///
    /// # Errors
    /// See [`ApiKeyStore::find`].
    async fn find_erased(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError>;
}

#[async_trait]
impl<S: ApiKeyStore> DynApiKeyStore for S {
    async fn find_erased(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        self.find(hash).await
    }
}

impl ApiKeyStore for Arc<dyn DynApiKeyStore> {
    async fn find(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        (**self).find_erased(hash).await
    }
}

#[cfg(test)]
mod tests {
    use portcullis_core::{CredentialMethod, Principal};

    use super::*;

    /// Knows one key; fails for another.
    struct One(ApiKey);

    impl ApiKeyStore for One {
        async fn find(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
            match hash {
                [0, ..] => Err(StoreError::new("down")),
                hash if hash == self.0.hash() => Ok(Some(self.0.clone())),
                _ => Ok(None),
            }
        }
    }

    #[tokio::test]
    async fn an_erased_store_answers_and_fails_as_the_store_does() {
        let alice = Principal::builder("alice", CredentialMethod::ApiKey).build();
        let store: Arc<dyn DynApiKeyStore> = Arc::new(One(ApiKey::from_hash("one", [7; 32], alice)));
        assert_eq!(store.find(&[7; 32]).await.unwrap().unwrap().id(), "one");
        assert!(store.find(&[8; 32]).await.unwrap().is_none());
        assert!(store.find(&[0; 32]).await.is_err());
    }
}
