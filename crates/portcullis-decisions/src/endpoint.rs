//! Where an engine is asked.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use portcullis_client::{LocatedUrl, OutboundClient};
use portcullis_core::escape::Escaped;
use portcullis_core::{Clock, ConfigCode, ConfigError};
use serde::Deserialize;

use crate::answer;
use crate::failure::Failure;

pub(crate) enum Endpoint {
    Fixed(Uri),
    Discovered(Box<Discovered>),
}

/// An AuthZEN decision point that says itself where it is asked (Authorization API 1.0 §9).
pub(crate) struct Discovered {
    base: Box<str>,
    place: Uri,
    found: LocatedUrl,
}

#[derive(Deserialize)]
struct Metadata {
    policy_decision_point: Box<str>,
    access_evaluation_endpoint: Box<str>,
}

impl Endpoint {
    /// This path below the base URL, which the client may ask.
    pub(crate) fn fixed(base: &str, path: &str, client: &OutboundClient) -> Result<Self, ConfigError> {
        let uri = joined(base, |authority, prefix| format!("{authority}{prefix}{path}"), client)?;
        Ok(Self::Fixed(uri))
    }

    /// What the metadata of the decision point of this URL says.
    pub(crate) fn discovered(base: &str, client: &OutboundClient) -> Result<Self, ConfigError> {
        let well_known =
            |authority: &str, path: &str| format!("{authority}/.well-known/authzen-configuration{path}");
        let place = joined(base, well_known, client)?;
        Ok(Self::Discovered(Box::new(Discovered { base: base.into(), place, found: LocatedUrl::new() })))
    }

    pub(crate) async fn locate(&self, client: &OutboundClient, clock: &Clock) -> Result<Uri, Failure> {
        match self {
            Self::Fixed(uri) => Ok(uri.clone()),
            Self::Discovered(discovered) => discovered.found.get(clock, || discovered.fetch(client)).await,
        }
    }

    /// After a failed call: the engine may have moved.
    pub(crate) fn forget(&self) {
        if let Self::Discovered(discovered) = self {
            discovered.found.forget();
        }
    }
}

impl Discovered {
    async fn fetch(&self, client: &OutboundClient) -> Result<Uri, Failure> {
        let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let answer = client.get(&self.place, accept).await?;
        if answer.status != StatusCode::OK {
            return Err(Failure::Metadata("it could not be fetched"));
        }
        let metadata: Metadata = answer::json(&answer, "metadata")
            .map_err(|_| Failure::Metadata("it is not JSON that names the endpoint"))?;
        // The one who speaks is the one who was asked.
        if metadata.policy_decision_point.trim_end_matches('/') != self.base.trim_end_matches('/') {
            return Err(Failure::Metadata("it is that of another decision point"));
        }
        let uri: Uri = metadata
            .access_evaluation_endpoint
            .parse()
            .map_err(|_| Failure::Metadata("the endpoint is not a url"))?;
        let same = (uri.scheme(), uri.authority()) == (self.place.scheme(), self.place.authority());
        if !same || metadata.access_evaluation_endpoint.contains('#') {
            return Err(Failure::Metadata("the endpoint is of another origin"));
        }
        client.check(&uri)?;
        Ok(uri)
    }
}

/// A URL made of the base's origin and its path without a slash at the end.
fn joined(
    base: &str,
    join: impl FnOnce(&str, &str) -> String,
    client: &OutboundClient,
) -> Result<Uri, ConfigError> {
    let invalid = |why: &str| {
        let message = format!("a decision point cannot be asked at `{}`: {why}", Escaped::new(base));
        ConfigError::new(ConfigCode::InvalidDecisionPoint, message)
    };
    if base.contains(['?', '#']) {
        return Err(invalid("it has a query or a fragment"));
    }
    let (scheme, rest) = base.split_once("://").ok_or_else(|| invalid("it is not a url"))?;
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at_checked(slash).unwrap_or((rest, "")),
        None => (rest, ""),
    };
    let joined = join(&format!("{scheme}://{authority}"), path.trim_end_matches('/'));
    let uri: Uri = joined.parse().map_err(|_| invalid("it is not a url"))?;
    client.check(&uri).map_err(|error| invalid(&error.to_string()))?;
    Ok(uri)
}
