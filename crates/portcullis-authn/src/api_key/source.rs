//! Where API keys are looked up.

use std::future::Future;
use std::sync::Arc;

use portcullis_core::{Step, StoreError};
use subtle::ConstantTimeEq;

use super::key::ApiKey;
use super::set::ApiKeySet;

/// Finds API keys in a database.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an `ApiKeyStore`",
    note = "implement `ApiKeyStore::find`, or use `ApiKeys::keys` with an `ApiKeySet`"
)]
pub trait ApiKeyStore: Send + Sync + 'static {
    /// The key of this hash ([`ApiKey::hash_of`]). Expired keys may be returned; the scheme refuses them.
    ///
    /// # Errors
    /// A [`StoreError`] is answered with 503, never taken for an unknown key.
    fn find(&self, hash: &[u8; 32]) -> impl Future<Output = Result<Option<ApiKey>, StoreError>> + Send;
}

/// No source of keys is chosen yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct NoKeys;

/// Keys come from a set in memory.
#[derive(Debug)]
pub struct FromSet(pub(super) ApiKeySet);

/// Keys come from a store.
#[derive(Debug)]
pub struct FromStore<S>(pub(super) Arc<S>);

/// What the two sources have in common. It is sealed: implement [`ApiKeyStore`].
pub trait KeySource: sealed::Sealed + Send + Sync + 'static {
    #[doc(hidden)]
    fn find(&self, hash: [u8; 32]) -> Step<Result<Option<ApiKey>, StoreError>>;
}

impl KeySource for FromSet {
    fn find(&self, hash: [u8; 32]) -> Step<Result<Option<ApiKey>, StoreError>> {
        Step::Done(Ok(self.0.find(&hash)))
    }
}

impl<S: ApiKeyStore> KeySource for FromStore<S> {
    fn find(&self, hash: [u8; 32]) -> Step<Result<Option<ApiKey>, StoreError>> {
        let store = Arc::clone(&self.0);
        Step::wait(async move {
            // A store that answers with another key than it was asked for has no say.
            let found = store.find(&hash).await?;
            Ok(found.filter(|key| key.hash().ct_eq(&hash).into()))
        })
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "nobody outside may implement it")]
    pub trait Sealed {}

    impl Sealed for super::FromSet {}
    impl<S> Sealed for super::FromStore<S> {}
}
