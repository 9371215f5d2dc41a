use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use http::{StatusCode, Uri};
use portcullis_core::escape::Escaped;

use crate::address::AddressRefused;
use crate::builder::MAX_HEADER_OCTETS;

/// Why another server gave no usable answer. It names the server's scheme, host and port, and nothing else of
/// the request.
#[derive(Debug)]
pub struct ClientError {
    origin: String,
    kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Broken(Box<dyn Error + Send + Sync>),
    HeadTooLarge,
    Redirected(StatusCode),
    Refused(&'static str),
    Timeout(Duration),
    TooLarge(usize),
    Unreachable(Box<dyn Error + Send + Sync>),
}

impl ClientError {
    pub(crate) fn new(uri: &Uri, kind: Kind) -> Self {
        let host = uri.host().unwrap_or("");
        let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        let origin = format!("{}://{}{port}", uri.scheme_str().unwrap_or(""), Escaped::new(host));
        Self { origin, kind }
    }

    pub(crate) fn of_request(uri: &Uri, error: hyper_util::client::legacy::Error) -> Self {
        let kind = if is_caused_by_refusal(&error) {
            Kind::Refused("the name has no address in a network that may be reached")
        } else if error.is_connect() {
            Kind::Unreachable(error.into())
        } else {
            Kind::Broken(error.into())
        };
        Self::new(uri, kind)
    }

    /// Whether the URL or the address behind it may not be asked.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.kind, Kind::Refused(_))
    }

    /// Whether no connection came about: no such name, nobody listens, a certificate that is not trusted.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self.kind, Kind::Unreachable(_))
    }

    /// Whether the deadline passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::Timeout(_))
    }

    /// Whether the answer was a redirect.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        matches!(self.kind, Kind::Redirected(_))
    }

    /// Whether head or body of the answer was larger than its cap.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.kind, Kind::HeadTooLarge | Kind::TooLarge(_))
    }

    /// Whether the connection was closed before an answer was whole, so that a question that may be asked twice can be
    /// asked again.
    #[must_use]
    pub fn is_reset(&self) -> bool {
        match &self.kind {
            Kind::Broken(source) => is_caused_by_reset(source.as_ref()),
            _ => false,
        }
    }

    /// Whether the answer broke off, was not HTTP, or had a head far larger than its cap.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self.kind, Kind::Broken(_))
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request to `{}` ", self.origin)?;
        match &self.kind {
            Kind::Broken(_) => f.write_str("got a broken answer"),
            Kind::HeadTooLarge => write!(f, "got a head of more than {MAX_HEADER_OCTETS} octets"),
            Kind::Redirected(status) => write!(f, "was redirected with {}", status.as_u16()),
            Kind::Refused(why) => write!(f, "is refused: {why}"),
            Kind::Timeout(deadline) => write!(f, "took longer than {} s", deadline.as_secs_f64()),
            Kind::TooLarge(cap) => write!(f, "got a body of more than {cap} octets"),
            Kind::Unreachable(_) => f.write_str("could not be connected"),
        }
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Broken(source) | Kind::Unreachable(source) => Some(source.as_ref()),
            Kind::HeadTooLarge
            | Kind::Redirected(_)
            | Kind::Refused(_)
            | Kind::Timeout(_)
            | Kind::TooLarge(_) => None,
        }
    }
}

fn is_caused_by_reset(error: &(dyn Error + 'static)) -> bool {
    let closed = error
        .downcast_ref::<hyper::Error>()
        .is_some_and(|error| error.is_incomplete_message() || error.is_closed() || error.is_canceled());
    let reset = error.downcast_ref::<io::Error>().is_some_and(|error| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
    });
    closed || reset || error.source().is_some_and(is_caused_by_reset)
}

fn is_caused_by_refusal(error: &(dyn Error + 'static)) -> bool {
    error.is::<AddressRefused>() || error.source().is_some_and(is_caused_by_refusal)
}
