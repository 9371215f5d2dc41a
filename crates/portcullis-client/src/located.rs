use std::fmt;
use std::future::Future;
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
    /// Held while the document is fetched: others wait for it.
    found: Mutex<Option<(Instant, Uri)>>,
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
        let now = clock.monotonic();
        if let Some((at, uri)) = &*found
            && now.saturating_duration_since(*at) < METADATA_TTL
        {
            return Ok(uri.clone());
        }
        let uri = fetch().await?;
        *found = Some((now, uri.clone()));
        Ok(uri)
    }

    /// After a failed call: what is there may have moved. Whoever looks it up just now is not waited for.
    pub fn forget(&self) {
        if let Ok(mut found) = self.found.try_lock() {
            *found = None;
        }
    }
}

impl fmt::Debug for LocatedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocatedUrl").finish_non_exhaustive()
    }
}
