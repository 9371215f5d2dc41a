use std::fmt;
use std::time::Duration;

use portcullis_client::ClientError;

/// Why an engine could not be asked, or why its answer was not used. It says nothing of the question.
#[derive(Debug)]
pub(crate) enum Failure {
    Client(ClientError),
    Malformed(&'static str),
    MediaType,
    Metadata(&'static str),
    NoRuntime,
    Paused(Duration),
    Status(u16),
    Timeout { called: bool },
    TooLarge,
    TooManyWaiting,
    Unwritable,
}

impl Failure {
    /// Whether the engine answered nothing that could be used whatever the question was: it is down, overloaded, or
    /// refuses this application. What one question alone may cause is none.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Client(error) => !error.is_too_large(),
            Self::Status(status) => matches!(status, 401 | 403 | 404 | 429 | 500..),
            Self::Metadata(_) => true,
            Self::Timeout { called } => *called,
            Self::Malformed(_)
            | Self::MediaType
            | Self::NoRuntime
            | Self::Paused(_)
            | Self::TooLarge
            | Self::TooManyWaiting
            | Self::Unwritable => false,
        }
    }

    /// Whether the engine cannot be asked, rather than that it was asked something that it cannot answer. An outage that
    /// a caller can make up is none.
    pub(crate) fn is_of_the_engine(&self) -> bool {
        self.is_outage() || matches!(self, Self::Paused(_) | Self::Timeout { .. } | Self::TooManyWaiting)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) => error.fmt(f),
            Self::Malformed(why) => write!(f, "the answer cannot be used: {why}"),
            Self::MediaType => f.write_str("the answer is not application/json"),
            Self::Metadata(why) => write!(f, "the engine's metadata cannot be used: {why}"),
            Self::NoRuntime => f.write_str("there is no tokio runtime to ask it in"),
            Self::Paused(remaining) => {
                write!(f, "it failed and is left alone for another {} s", remaining.as_secs_f64().ceil())
            }
            Self::Status(status) => write!(f, "it answered with status {status}"),
            Self::Timeout { called: true } => f.write_str("its answer did not come within the deadline"),
            Self::Timeout { called: false } => f.write_str("it could not be asked within the deadline"),
            Self::TooLarge => f.write_str("the answer is too large"),
            Self::TooManyWaiting => f.write_str("too many requests wait for it"),
            Self::Unwritable => f.write_str("the question cannot be written as JSON"),
        }
    }
}
