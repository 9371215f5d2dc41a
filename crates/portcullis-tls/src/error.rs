//! Why there is no connection.

use std::error::Error;
use std::{fmt, io};

/// A handshake did not end in a connection. It is the client's affair: the next one is not concerned.
#[derive(Debug)]
pub struct HandshakeError {
    failure: HandshakeFailure,
    source: Option<io::Error>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeFailure {
    /// The client sent no certificate although one is required, or one that no trusted authority vouches for, or that
    /// is not valid now.
    ClientCertificate,
    /// The connection ended.
    Disconnected,
    /// It took longer than a tenth of the deadline while others waited for their turn.
    GivenUp,
    /// The client spoke plain HTTP. It was answered as [`PlainRequests`](crate::PlainRequests) says, unless it stopped
    /// halfway.
    PlainHttp,
    /// The two did not agree: on the version, the cipher suite, or anything else.
    Protocol,
    /// It took longer than the deadline.
    TimedOut,
}

impl HandshakeError {
    pub(crate) const fn new(failure: HandshakeFailure) -> Self {
        Self { failure, source: None }
    }

    /// What went wrong.
    #[must_use]
    pub const fn failure(&self) -> HandshakeFailure {
        self.failure
    }
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        use rustls::Error::{InvalidCertificate, NoCertificatesPresented};
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let failure = match tls {
            Some(InvalidCertificate(_) | NoCertificatesPresented) => HandshakeFailure::ClientCertificate,
            Some(_) => HandshakeFailure::Protocol,
            None => HandshakeFailure::Disconnected,
        };
        Self { failure, source: Some(error) }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.failure {
            HandshakeFailure::ClientCertificate => "the client's certificate was refused, or it sent none",
            HandshakeFailure::Disconnected => "the connection ended in the handshake",
            HandshakeFailure::GivenUp => "the handshake was given up in favour of others",
            HandshakeFailure::PlainHttp => "the client spoke plain http",
            HandshakeFailure::Protocol => "the handshake failed",
            HandshakeFailure::TimedOut => "the handshake took too long",
        })
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn Error + 'static))
    }
}
