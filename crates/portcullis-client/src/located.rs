use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Uri;
use portcullis_core::Clock;
use tokio::sync::Mutex;

/// How long a [`LocatedUrl`] is taken from one metadata document: 1 hour.
pub const METADATA_TTL: Duration = Duration::from_secs(3600);

/// A URL that a metadata document names: looked up by whoever needs it first, and again after [`METADATA_TTL`] or once
/// somebody [forgets](Self::forget) it.
///
/// ```
/// use portcullis_client::LocatedUrl;
/// use portcullis_core::Clock;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (located, clock) = (LocatedUrl::new(), Clock::system());
/// let fetch = async || Ok::<_, &str>("https://pdp.example/evaluate".parse().unwrap());
/// assert_eq!(located.get(&clock, fetch).await?.path(), "/evaluate");
/// // It is known now.
/// let down = async || Err("down");
/// assert_eq!(located.get(&clock, down).await?.path(), "/evaluate");
/// located.forget();
/// assert_eq!(located.get(&clock, down).await, Err("down"));
/// # Ok::<(), &str>(())
/// # }).unwrap();
/// ```
#[derive(Default)]
pub struct LocatedUrl {
    /// How often it was to be forgotten.
    forgotten: AtomicU64,
    /// Held while the document is fetched: others wait for it.
    found: Mutex<Option<Found>>,
}

struct Found {
    uri: Uri,
    at: Instant,
    /// How often it had been to be forgotten when it was looked for.
    forgotten: u64,
}

impl LocatedUrl {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The URL as it is known, or as it is fetched now. Whoever comes while it is fetched waits for that; what was
    /// fetched in vain is fetched again by the next.
    ///
    /// # Errors
    /// That of the fetch.
    pub async fn get<E, F>(&self, clock: &Clock, fetch: impl FnOnce() -> F) -> Result<Uri, E>
    where
        F: Future<Output = Result<Uri, E>>,
    {
        let mut found = self.found.lock().await;
        let (now, forgotten) = (clock.monotonic(), self.forgotten.load(Ordering::Relaxed));
        if let Some(found) = &*found
            && found.forgotten == forgotten
            && now.saturating_duration_since(found.at) < METADATA_TTL
        {
            return Ok(found.uri.clone());
        }
        let uri = fetch().await?;
        *found = Some(Found { uri: uri.clone(), at: now, forgotten });
        Ok(uri)
    }

    /// After a failed call: what is there may have moved. It waits for nobody. What is being fetched meanwhile is for the
    /// one who fetches it; whoever comes later, or waits for that, fetches again.
    pub fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for LocatedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocatedUrl").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_forgotten_while_it_is_fetched_is_fetched_again() {
        let (located, clock) = (LocatedUrl::new(), Clock::system());
        let moving = async || {
            located.forget();
            Ok::<_, &str>(Uri::from_static("https://old.example/"))
        };
        assert_eq!(located.get(&clock, moving).await.unwrap(), "https://old.example/");
        let moved = async || Ok::<_, &str>(Uri::from_static("https://new.example/"));
        assert_eq!(located.get(&clock, moved).await.unwrap(), "https://new.example/");
        let down = async || Err("down");
        assert_eq!(located.get(&clock, down).await.unwrap(), "https://new.example/");
    }
}
