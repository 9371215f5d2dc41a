//! Keys of tenants are fetched ahead of their time, for those whom tokens name.

use std::sync::{Arc, Weak};
use std::time::Duration;

use portcullis_core::{Readiness, Wait};

use super::directory::Directory;

/// How long after the last token that names it a tenant counts as in use: 1 hour. Nobody refreshes the keys of others ahead
/// of time. Whoever made the token: what can be kept in use by a forged one is a tenant that is allowed and whose keys came,
/// of which there are so many at most ([`DEFAULT_MAX_TENANTS`](super::DEFAULT_MAX_TENANTS)), with
/// [`MAX_TENANT_REFRESHES`] a second for all of them.
pub const TENANT_IN_USE_FOR: Duration = Duration::from_secs(3600);

/// How many refreshes of tenants begin ahead of time in each second. Others that are due have their turn in the next.
pub const MAX_TENANT_REFRESHES: usize = 16;

/// How often the tenants are looked at.
const PASS: Duration = Duration::from_secs(1);

/// Tenants keep nobody waiting: there are none before their tokens come. But their keys are kept up.
pub(super) struct OfTenants {
    /// The pattern.
    name: String,
    directory: Arc<Directory>,
}

impl OfTenants {
    pub(super) fn new(directory: &Arc<Directory>, name: String) -> Self {
        Self { name, directory: Arc::clone(directory) }
    }
}

impl Readiness for OfTenants {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn upkeep(&self) -> Option<Wait<()>> {
        Some(Box::pin(keep(Arc::downgrade(&self.directory))))
    }
}

/// For as long as anybody holds the directory.
async fn keep(directory: Weak<Directory>) {
    let mut first = 0;
    while let Some(directory) = directory.upgrade() {
        first = directory.refresh_from(first, MAX_TENANT_REFRESHES, TENANT_IN_USE_FOR);
        drop(directory);
        tokio::time::sleep(PASS).await;
    }
}
