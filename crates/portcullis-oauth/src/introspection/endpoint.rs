//! Where the introspection endpoint is.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use portcullis_client::{LocatedUrl, OutboundClient};
use portcullis_core::escape::Escaped;
use portcullis_core::{Clock, ConfigCode, ConfigError};

use super::error::{IntrospectionError, Kind};
use crate::remote::{introspection_endpoint, well_known};

pub(super) enum Endpoint {
    Fixed(Uri),
    Discovered(Box<Discovered>),
}

pub(super) struct Discovered {
    issuer: Box<str>,
    places: [Uri; 2],
    /// Whether the client proves itself by a certificate (RFC 8705 §5 has aliases for that).
    certificate: bool,
    found: LocatedUrl,
}

impl Endpoint {
    /// The endpoint of this URL, or, without one, that which the issuer's discovery document names.
    pub(super) fn new(
        url: Option<&str>,
        issuer: &str,
        client: &OutboundClient,
        certificate: bool,
    ) -> Result<Self, ConfigError> {
        let text = url.unwrap_or(issuer);
        let invalid = |why: &str| {
            let message = format!("introspection cannot be asked for at `{}`: {why}", Escaped::new(text));
            ConfigError::new(ConfigCode::InvalidIntrospection, message)
        };
        let uri: Uri = text.parse().map_err(|_| invalid("it is not a url"))?;
        // `http::Uri` drops a fragment in silence.
        if text.contains('#') {
            return Err(invalid("it has a fragment"));
        }
        client.check(&uri).map_err(|error| invalid(&error.to_string()))?;
        if url.is_some() {
            return Ok(Self::Fixed(uri));
        }
        let places = well_known(issuer).ok_or_else(|| invalid("it is not a url"))?;
        let found = LocatedUrl::new();
        Ok(Self::Discovered(Box::new(Discovered { issuer: issuer.into(), places, certificate, found })))
    }

    pub(super) async fn locate(
        &self,
        client: &OutboundClient,
        clock: &Clock,
    ) -> Result<Uri, IntrospectionError> {
        match self {
            Self::Fixed(uri) => Ok(uri.clone()),
            Self::Discovered(discovered) => discovered.found.get(clock, || discovered.fetch(client)).await,
        }
    }

    /// After a failed call: the issuer may have moved the endpoint.
    pub(super) fn forget(&self) {
        if let Self::Discovered(discovered) = self {
            discovered.found.forget();
        }
    }
}

impl Discovered {
    async fn fetch(&self, client: &OutboundClient) -> Result<Uri, IntrospectionError> {
        for place in &self.places {
            let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
            let answer = client.get(place, accept).await?;
            // Only a server that has no such document is asked for the other form.
            if answer.status.is_client_error() {
                continue;
            }
            if answer.status != StatusCode::OK
                || !super::answer::is_of_type(&answer.headers, "application/json")
            {
                return Err(Kind::MetadataAnswer.into());
            }
            let uri = introspection_endpoint(&answer.body, &self.issuer, self.certificate)
                .map_err(Kind::Metadata)?;
            client.check(&uri)?;
            return Ok(uri);
        }
        Err(Kind::NoMetadata.into())
    }
}
