use std::error::Error;
use std::fmt;
use std::time::Duration;

use portcullis_client::ClientError;
use portcullis_core::Denial;

use crate::remote::InvalidMetadata;

/// Why an issuer could not be asked about a token, or why its answer was not used. It says nothing of the token.
#[derive(Debug)]
pub struct IntrospectionError(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
    /// This application could not prove itself.
    Assertion,
    Client(ClientError),
    Interrupted,
    MediaType,
    Metadata(InvalidMetadata),
    MetadataAnswer,
    NoMetadata,
    NotJson,
    Paused(Duration),
    Signature(Denial),
    SignedClaims(&'static str),
    Status(u16),
    Timeout,
    TooLarge,
    TooManyWaiting,
}

impl IntrospectionError {
    /// Whether the endpoint answered nothing that could be used whatever the token was: it is down, overloaded, or
    /// refuses this application.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match &self.0 {
            Kind::Client(error) => !error.is_too_large(),
            Kind::Status(status) => matches!(status, 401 | 403 | 429 | 500..),
            Kind::Metadata(_) | Kind::MetadataAnswer | Kind::NoMetadata | Kind::Assertion => true,
            Kind::Interrupted
            | Kind::MediaType
            | Kind::NotJson
            | Kind::Paused(_)
            | Kind::Signature(_)
            | Kind::SignedClaims(_)
            | Kind::Timeout
            | Kind::TooLarge
            | Kind::TooManyWaiting => false,
        }
    }

    /// When to try again.
    pub(super) fn retry_after(&self) -> Duration {
        match &self.0 {
            Kind::Paused(remaining) => *remaining,
            _ => Duration::from_secs(1),
        }
    }
}

impl From<Kind> for IntrospectionError {
    fn from(kind: Kind) -> Self {
        Self(kind)
    }
}

impl From<ClientError> for IntrospectionError {
    fn from(error: ClientError) -> Self {
        Self(Kind::Client(error))
    }
}

impl fmt::Display for IntrospectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Assertion => f.write_str("this client's assertion could not be signed"),
            Kind::Client(error) => error.fmt(f),
            Kind::Interrupted => f.write_str("the look-up was interrupted"),
            Kind::MediaType => f.write_str("the answer is not of the media type that was asked for"),
            Kind::Metadata(error) => write!(f, "the discovery document cannot be used: {error}"),
            Kind::MetadataAnswer => f.write_str("the discovery document could not be fetched as JSON"),
            Kind::NoMetadata => {
                f.write_str("the issuer has no discovery document in either well-known place")
            }
            Kind::NotJson => f.write_str("the answer is not one JSON object without duplicate members"),
            Kind::Paused(_) => f.write_str("the issuer failed and is left alone for a while"),
            Kind::Signature(denial) => {
                let why = denial.explanation().unwrap_or_else(|| denial.reason().code());
                write!(f, "the signed answer is refused: {why}")
            }
            Kind::SignedClaims(why) => write!(f, "the signed answer is refused: {why}"),
            Kind::Status(status) => write!(f, "the issuer answered with status {status}"),
            Kind::Timeout => f.write_str("the answer did not come within the wait"),
            Kind::TooLarge => f.write_str("the answer is too large"),
            Kind::TooManyWaiting => f.write_str("too many requests wait for the issuer"),
        }
    }
}

impl Error for IntrospectionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Client(error) => error.source(),
            Kind::Metadata(error) => Some(error),
            Kind::Signature(denial) => Some(denial),
            _ => None,
        }
    }
}
