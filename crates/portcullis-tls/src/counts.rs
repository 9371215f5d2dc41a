//! What an acceptor counts.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::HandshakeFailure;

/// What an acceptor has counted since it was built, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsCounts {
    /// Handshakes that ended in a connection.
    pub accepted: u64,
    /// Handshakes that failed for want of an acceptable client certificate.
    pub client_certificates_refused: u64,
    /// Handshakes that were given up in favour of others.
    pub given_up: u64,
    /// Clients that spoke plain HTTP.
    pub plain_http: u64,
    /// Those of them that sent `Authorization` or `Cookie`, as far as was read. Others may have read it too, so that it
    /// should be replaced.
    pub plain_http_credentials: u64,
    /// Handshakes that took too long.
    pub timed_out: u64,
    /// Handshakes that failed otherwise.
    pub failed: u64,
    /// How often changed files were taken over.
    pub reloads: u64,
    /// How often the files could not be used, and the old ones were kept.
    pub failed_reloads: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    accepted: AtomicU64,
    client_certificates_refused: AtomicU64,
    given_up: AtomicU64,
    plain_http: AtomicU64,
    plain_http_credentials: AtomicU64,
    timed_out: AtomicU64,
    failed: AtomicU64,
    reloads: AtomicU64,
    failed_reloads: AtomicU64,
}

impl Counters {
    pub(crate) fn handshake(&self, outcome: Result<(), HandshakeFailure>) {
        let counter = match outcome {
            Ok(()) => &self.accepted,
            Err(HandshakeFailure::ClientCertificate) => &self.client_certificates_refused,
            Err(HandshakeFailure::GivenUp) => &self.given_up,
            Err(HandshakeFailure::PlainHttp) => &self.plain_http,
            Err(HandshakeFailure::TimedOut) => &self.timed_out,
            Err(HandshakeFailure::Disconnected | HandshakeFailure::Protocol) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn plain_credentials(&self) {
        self.plain_http_credentials.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reload(&self, succeeded: bool) {
        let counter = if succeeded { &self.reloads } else { &self.failed_reloads };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> TlsCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TlsCounts {
            accepted: read(&self.accepted),
            client_certificates_refused: read(&self.client_certificates_refused),
            given_up: read(&self.given_up),
            plain_http: read(&self.plain_http),
            plain_http_credentials: read(&self.plain_http_credentials),
            timed_out: read(&self.timed_out),
            failed: read(&self.failed),
            reloads: read(&self.reloads),
            failed_reloads: read(&self.failed_reloads),
        }
    }
}
