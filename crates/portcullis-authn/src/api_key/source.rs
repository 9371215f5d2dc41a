//! Where API keys are looked up.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::{ConfigError, Denial, Step, StoreError};
use subtle::ConstantTimeEq;

use super::key::ApiKey;
use super::set::ApiKeySet;
use crate::deadline::{self, within};

/// Finds API keys in a database.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an `ApiKeyStore`",
    note = "implement `ApiKeyStore::find`, or use `ApiKeys::keys` with an `ApiKeySet`"
)]
pub trait ApiKeyStore: Send + Sync + 'static {
    /// The key of this hash ([`ApiKey::hash_of`]). Expired keys may be returned; the scheme refuses them.
    ///
    /// # Errors
    /// A [`StoreError`] is answered with 503, never taken for an unknown key; so is an answer that comes later than
    /// [`ApiKeys::deadline`](crate::ApiKeys::deadline) says.
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
pub struct FromStore<S> {
    pub(super) store: Arc<S>,
    /// How long it may take.
    pub(super) deadline: Duration,
}

/// What the two sources have in common. It is sealed: implement [`ApiKeyStore`].
pub trait KeySource: sealed::Sealed + Send + Sync + 'static {
    #[doc(hidden)]
    fn find(&self, hash: [u8; 32]) -> Step<Result<Option<ApiKey>, Denial>>;

    #[doc(hidden)]
    fn fault(&self) -> Option<ConfigError> {
        None
    }
}

impl KeySource for FromSet {
    fn find(&self, hash: [u8; 32]) -> Step<Result<Option<ApiKey>, Denial>> {
        Step::Done(Ok(self.0.find(&hash)))
    }
}

impl<S: ApiKeyStore> KeySource for FromStore<S> {
    fn find(&self, hash: [u8; 32]) -> Step<Result<Option<ApiKey>, Denial>> {
        let (store, deadline) = (Arc::clone(&self.store), self.deadline);
        Step::wait(async move {
            // A store that answers with another key than it was asked for has no say.
            let found = within(deadline, store.find(&hash)).await?;
            Ok(found.filter(|key| key.hash().ct_eq(&hash).into()))
        })
    }

    fn fault(&self) -> Option<ConfigError> {
        deadline::fault(self.deadline)
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "nobody outside may implement it")]
    pub trait Sealed {}

    impl Sealed for super::FromSet {}
    impl<S> Sealed for super::FromStore<S> {}
}
