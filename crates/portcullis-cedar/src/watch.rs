//! Looks after files that change.

use std::sync::{Arc, Weak};

use tokio::task::{AbortHandle, spawn_blocking};

use crate::cedar::Cedar;
use crate::reload::Store;

/// Looks at the files of a [`Cedar`] until it is dropped.
#[derive(Debug)]
#[must_use = "files are watched for as long as this lives"]
pub struct Watch(AbortHandle);

impl Watch {
    pub(crate) fn spawn(cedar: &Cedar) -> Self {
        Self(tokio::spawn(keep_looking(Arc::downgrade(cedar.store()))).abort_handle())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Looks at intervals for as long as the engine is there.
pub(crate) async fn keep_looking(store: Weak<Store>) {
    while let Some(interval) = store.upgrade().map(|store| store.settings().poll_interval) {
        tokio::time::sleep(interval).await;
        let Some(store) = store.upgrade() else { return };
        // It reports by itself.
        let _ = spawn_blocking(move || store.look()).await;
    }
}
