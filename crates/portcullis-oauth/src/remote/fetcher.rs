//! One fetch: discovery where it is due, then the key set.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use portcullis_client::{Fetched, OutboundClient};
use portcullis_core::Clock;

use super::error::{Document, Kind, RemoteError};
use super::metadata;
use crate::keys::KeySet;

/// How long the key set's URL is taken from one discovery document: 1 hour, or until the URL fails.
const METADATA_TTL: Duration = Duration::from_secs(3600);

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

/// What a fetch brought.
pub(super) struct FetchedKeys {
    pub(super) keys: KeySet,
    /// `max-age` of the answer.
    pub(super) fresh_for: Option<Duration>,
}

impl Fetcher {
    pub(super) fn new(client: OutboundClient, clock: Clock, location: Location) -> Self {
        Self { client, clock, location, discovered: Mutex::new(None) }
    }

    pub(super) async fn fetch(&self) -> Result<FetchedKeys, RemoteError> {
        let fetched = self.fetch_keys().await;
        if fetched.is_err() {
            // The issuer may have moved its keys.
            self.remember(None);
        }
        fetched
    }

    async fn fetch_keys(&self) -> Result<FetchedKeys, RemoteError> {
        let uri = self.locate().await?;
        let answer = self.ask(&uri, "application/jwk-set+json, application/json").await?;
        require_json(Document::KeySet, &answer)?;
        let (keys, _) = KeySet::from_jwks_json(&answer.body).map_err(Kind::KeySet)?;
        Ok(FetchedKeys { keys, fresh_for: max_age(&answer.headers) })
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
            let answer = self.ask(place, "application/json").await?;
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

    async fn ask(&self, uri: &Uri, accept: &'static str) -> Result<Fetched, RemoteError> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        Ok(self.client.get(uri, headers).await?)
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

/// RFC 9111 §5.2.2.1. Everything else that the field says is left to the bounds set here.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let fields = headers.get_all(CACHE_CONTROL).iter().filter_map(|field| field.to_str().ok());
    let mut directives = fields.flat_map(|field| field.split(','));
    directives.find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        let seconds = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("max-age").then(|| seconds.parse().ok().map(Duration::from_secs))?
    })
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

    #[test]
    fn reads_max_age_among_other_directives() {
        let read = |value: &str| max_age(&HeaderMap::from_iter([(CACHE_CONTROL, value.parse().unwrap())]));
        assert_eq!(read("public, MAX-AGE=15, stale-if-error=86400"), Some(Duration::from_secs(15)));
        assert_eq!(read("s-maxage=9, max-age=\"7\""), Some(Duration::from_secs(7)));
        for none in
            ["no-cache", "max-age", "max-age=", "max-age=-1", "max-age=1e9", "max-age=99999999999999999999"]
        {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
