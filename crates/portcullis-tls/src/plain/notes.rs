//! How much is said of clients that speak plain HTTP: everyone who can connect can make the log grow.

use std::time::Duration;

use portcullis_core::Notes;

/// How many events there are of clients that speak plain HTTP, in each [`PLAIN_EVENT_INTERVAL`], and as many again of those
/// that sent credentials. What is beyond is counted, and the next event of its kind says how many were left out.
pub const MAX_PLAIN_EVENTS: u32 = 10;

/// The time in which there are at most [`MAX_PLAIN_EVENTS`] of a kind: one minute, which begins with the first of them.
pub const PLAIN_EVENT_INTERVAL: Duration = Duration::from_secs(60);

/// Bounds the events of one kind.
pub(crate) fn notes() -> Notes {
    Notes::new(MAX_PLAIN_EVENTS, PLAIN_EVENT_INTERVAL)
}
