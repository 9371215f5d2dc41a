//! Looks after files that change.

use std::time::Duration;

use tokio::task::{AbortHandle, spawn_blocking};

use crate::acceptor::TlsAcceptor;

/// Reloads the files of a [`TlsAcceptor`] at an interval, until it is dropped.
#[derive(Debug)]
#[must_use = "files are watched for as long as this lives"]
pub struct Watch(AbortHandle);

impl Watch {
    pub(crate) fn spawn(acceptor: TlsAcceptor, interval: Duration) -> Self {
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                let acceptor = acceptor.clone();
                // It reports and counts by itself.
                let _ = spawn_blocking(move || acceptor.reload()).await;
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}
