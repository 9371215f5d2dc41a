//! One fetch: discovery where it is due, then the key set.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use portcullis_client::{Fetched, OutboundClient};
use portcullis_core::Clock;

use super::edition::Edition;
use super::error::{Document, Kind, RemoteError};
use super::freshness::Freshness;
use super::metadata;
use crate::keys::KeySet;

/// How long the key set's URL is taken from one discovery document: 1 hour, or until the URL fails.
const METADATA_TTL: Duration = Duration::from_secs(3600);

/// Where an answer comes from; the tests have one without a network.
pub(super) trait Fetch: Send + Sync + 'static {
    fn fetch(&self, wish: Wish) -> Fetching<'_>;
}

pub(super) type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Answer, RemoteError>> + Send + 'a>>;

/// How to ask.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    /// A key is missed: for the whole set, past every cache.
    Anew,
    /// For the set, unless it is still this edition.
    UnlessStill(HeaderValue),
    /// For the whole set.
    Whole,
}

/// What a fetch brought.
#[derive(Debug)]
pub(super) enum Answer {
    Keys(KeySet, About),
    Unchanged(About),
}

/// What the header fields of an answer say about it.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) edition: Edition,
    pub(super) freshness: Freshness,
}

/// Where the key set is.
pub(super) enum Location {
    Fixed(Uri),
    Discovered { issuer: Arc<str>, places: [Uri; 2] },
}

pub(super) struct Fetcher {
    client: OutboundClient,
    clock: Clock,
    location: Location,
    discovered: Mutex<Option<(Instant, Uri)>>,
}

impl Fetch for Fetcher {
    fn fetch(&self, wish: Wish) -> Fetching<'_> {
        Box::pin(async move {
            let fetched = self.fetch_keys(wish).await;
            if fetched.is_err() {
                // The issuer may have moved its keys.
                self.remember(None);
            }
            fetched
        })
    }
}

impl Fetcher {
    pub(super) fn new(client: OutboundClient, clock: Clock, location: Location) -> Self {
        Self { client, clock, location, discovered: Mutex::new(None) }
    }

    async fn fetch_keys(&self, wish: Wish) -> Result<Answer, RemoteError> {
        let uri = self.locate().await?;
        let mut headers = accepting("application/jwk-set+json, application/json");
        match wish {
            // RFC 9111 §5.2.1.4: caches on the way ask the server.
            Wish::Anew => headers.extend([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]),
            Wish::UnlessStill(etag) => headers.extend([(IF_NONE_MATCH, etag)]),
            Wish::Whole => {}
        }
        let answer = self.client.get(&uri, headers).await?;
        let about = About::read(&answer.headers);
        // The client takes it for an answer only if we asked so.
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(Answer::Unchanged(about));
        }
        require_json(Document::KeySet, &answer)?;
        let (keys, _) = KeySet::from_jwks_json(&answer.body).map_err(Kind::KeySet)?;
        Ok(Answer::Keys(keys, about))
    }

    async fn locate(&self) -> Result<Uri, RemoteError> {
        let (issuer, places) = match &self.location {
            Location::Fixed(uri) => return Ok(uri.clone()),
            Location::Discovered { issuer, places } => (issuer, places),
        };
        let now = self.clock.monotonic();
        if let Some(uri) = self.remembered(now) {
            return Ok(uri);
        }
        for place in places {
            let answer = self.client.get(place, accepting("application/json")).await?;
            // Only a server that has no such document is asked for the other form.
            if answer.status.is_client_error() {
                continue;
            }
            require_json(Document::Metadata, &answer)?;
            let uri = metadata::jwks_uri(&answer.body, issuer).map_err(Kind::Metadata)?;
            // A13.3, RFC 8414 §2: https; said before it is asked, so that the error tells where it stands.
            self.client.check(&uri)?;
            self.remember(Some((now, uri.clone())));
            return Ok(uri);
        }
        Err(Kind::NoMetadata.into())
    }

    fn remembered(&self, now: Instant) -> Option<Uri> {
        let discovered = self.discovered.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, uri) = discovered.as_ref()?;
        (now.saturating_duration_since(*at) < METADATA_TTL).then(|| uri.clone())
    }

    fn remember(&self, discovered: Option<(Instant, Uri)>) {
        *self.discovered.lock().unwrap_or_else(PoisonError::into_inner) = discovered;
    }
}

impl About {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        Self { edition: Edition::read(headers), freshness: Freshness::read(headers) }
    }
}

fn accepting(media_types: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(media_types))])
}

fn require_json(document: Document, answer: &Fetched) -> Result<(), RemoteError> {
    if answer.status != StatusCode::OK {
        return Err(Kind::Status(document, answer.status.as_u16()).into());
    }
    let media_type =
        answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if is_json(media_type) { Ok(()) } else { Err(Kind::NotJson(document).into()) }
}

/// RFC 8259 §1.2 and RFC 6839 §3.1: `application/json`, `application/..+json`, whatever the parameters.
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(subtype) = essence.strip_prefix("application/") else { return false };
    subtype == "json" || subtype.strip_suffix("+json").is_some_and(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_json_media_types_from_others() {
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/jwk-set+json"] {
            assert!(is_json(json), "{json}");
        }
        for other in ["", "text/html", "text/json", "application/jsonp", "application/+json", "json"] {
            assert!(!is_json(other), "{other}");
        }
    }
}
