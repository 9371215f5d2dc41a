//! Requests that are no HTTP: hyper answers them by itself, and no layer sees them.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use portcullis_core::escape::Escaped;
use portcullis_core::{Clock, ConnectionFacts, Notes};
use portcullis_stack::Security;

/// How many events of tracing there are of requests that are no HTTP, and as many of connections whose clients take nothing of
/// an answer, in each [`UNREAD_EVENT_INTERVAL`]. What is beyond is
/// counted, and the next event says how many were left out.
pub const MAX_UNREAD_EVENTS: u32 = 10;

/// The time in which there are at most [`MAX_UNREAD_EVENTS`]: one minute, which begins with the first of them.
pub const UNREAD_EVENT_INTERVAL: Duration = Duration::from_secs(60);

/// How many characters of a reason are logged.
const MAX_REASON: usize = 128;

/// Counts the requests of a server that were refused because they are no HTTP. Clones share the counter.
#[derive(Clone, Debug)]
pub struct UnreadRequests(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    count: AtomicU64,
    clock: Clock,
    notes: Notes,
    stuck: Notes,
}

impl UnreadRequests {
    pub(super) fn new() -> Self {
        let notes = || Notes::new(MAX_UNREAD_EVENTS, UNREAD_EVENT_INTERVAL);
        let (notes, stuck) = (notes(), notes());
        Self(Arc::new(Shared { count: AtomicU64::new(0), clock: Clock::system(), notes, stuck }))
    }

    /// How many there were so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Logs a connection of HTTP/2 that is closed since its client takes nothing of an answer.
    pub(super) fn note_stuck(&self, peer: SocketAddr) {
        if let Some(left_out) = self.0.stuck.take(self.0.clock.monotonic()) {
            tracing::warn!(%peer, left_out, "a client takes nothing of an answer: its connection is closed");
        }
    }

    /// Counts, logs and records the request that ended a connection, if it was one.
    pub(super) fn note(
        &self,
        error: &(dyn Error + 'static),
        connection: &ConnectionFacts,
        security: &Security,
    ) {
        let Some((status, why)) = answer(error) else { return };
        self.0.count.fetch_add(1, Ordering::Relaxed);
        if let Some(left_out) = self.0.notes.take(self.0.clock.monotonic()) {
            let peer = connection.peer.map(tracing::field::display);
            let reason = Escaped::new(&why).with_limit(MAX_REASON);
            tracing::info!(peer, %reason, left_out, "a client sent what is no http request");
        }
        security.record_unread(connection, status, why);
    }
}

/// What hyper answered, and why. Its text has nothing of what the client sent.
fn answer(error: &(dyn Error + 'static)) -> Option<(StatusCode, String)> {
    let error = error.downcast_ref::<hyper::Error>().filter(|error| error.is_parse())?;
    let why = error.to_string();
    let status = match error.is_parse_too_large() {
        false => StatusCode::BAD_REQUEST,
        true if why.starts_with("URI") => StatusCode::URI_TOO_LONG,
        true => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    };
    Some((status, why))
}
