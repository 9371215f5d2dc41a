//! Who may ask at once. A question whose answer changes nothing takes no place that one which decides would need.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many places, of which questions that are only watched have fewer.
pub(crate) struct Places {
    all: Arc<Semaphore>,
    watched: Arc<Semaphore>,
}

/// Given back when it is dropped.
pub(crate) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_watched: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(crate) fn new(all: usize, watched: usize) -> Self {
        let permits = |number: usize| Arc::new(Semaphore::new(number.min(Semaphore::MAX_PERMITS)));
        Self { all: permits(all), watched: permits(watched) }
    }

    /// One that is free now.
    pub(crate) fn take(&self, watched: bool) -> Option<Place> {
        let of_watched =
            if watched { Some(Arc::clone(&self.watched).try_acquire_owned().ok()?) } else { None };
        let of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { _of_all: of_all, _of_watched: of_watched })
    }

    /// One as soon as it is free; those who wait get theirs in turn. Of the watched ones, only so many as may have a place
    /// stand in the way of others.
    pub(crate) async fn wait(&self, watched: bool) -> Option<Place> {
        let of_watched =
            if watched { Some(Arc::clone(&self.watched).acquire_owned().await.ok()?) } else { None };
        let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Place { _of_all: of_all, _of_watched: of_watched })
    }
}
