use std::error::Error;
use std::fmt;

use portcullis_client::ClientError;

use super::metadata::InvalidMetadata;
use crate::keys::KeySetError;

/// Why the keys of an issuer could not be fetched.
#[derive(Debug)]
pub struct RemoteError(Kind);

#[derive(Debug)]
pub(super) enum Kind {
    Client(ClientError),
    Interrupted,
    KeySet(KeySetError),
    Metadata(InvalidMetadata),
    NoMetadata,
    NotJson(Document),
    OlderEdition,
    OtherEdition,
    Status(Document, u16),
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    KeySet,
    Metadata,
}

impl RemoteError {
    /// Whether the server gave no usable answer: it may work later.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match &self.0 {
            Kind::Client(error) => !error.is_refused(),
            Kind::Status(_, status) => *status >= 500,
            Kind::Interrupted | Kind::OlderEdition | Kind::OtherEdition => true,
            Kind::KeySet(_) | Kind::Metadata(_) | Kind::NoMetadata | Kind::NotJson(_) => false,
        }
    }

    /// Whether the discovery document belongs to another issuer (RFC 8414 §3.3).
    #[must_use]
    pub fn is_wrong_issuer(&self) -> bool {
        matches!(&self.0, Kind::Metadata(InvalidMetadata::WrongIssuer))
    }
}

impl From<Kind> for RemoteError {
    fn from(kind: Kind) -> Self {
        Self(kind)
    }
}

impl From<ClientError> for RemoteError {
    fn from(error: ClientError) -> Self {
        Self(Kind::Client(error))
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Client(error) => error.fmt(f),
            Kind::Interrupted => f.write_str("the fetch was interrupted"),
            Kind::KeySet(error) => write!(f, "the key set cannot be read: {error}"),
            Kind::Metadata(error) => write!(f, "the discovery document cannot be used: {error}"),
            Kind::NoMetadata => {
                f.write_str("the issuer has no discovery document in either well-known place")
            }
            Kind::NotJson(document) => write!(f, "{document} is not of a JSON media type"),
            Kind::OlderEdition => f.write_str("the key set is older than the one that is known"),
            Kind::OtherEdition => {
                f.write_str("the key set that is said to be unchanged is not the known one")
            }
            Kind::Status(document, status) => write!(f, "{document} was answered with status {status}"),
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeySet => "the key set",
            Self::Metadata => "the discovery document",
        })
    }
}

impl Error for RemoteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Client(error) => error.source(),
            Kind::KeySet(error) => Some(error),
            Kind::Metadata(error) => Some(error),
            Kind::Interrupted
            | Kind::NoMetadata
            | Kind::NotJson(_)
            | Kind::OlderEdition
            | Kind::OtherEdition
            | Kind::Status(..) => None,
        }
    }
}
