//! What is known of a client that may speak plain HTTP, also if the look at it was cut off.

use std::sync::atomic::{AtomicBool, Ordering};

use super::search::Search;

/// What is known of a request in plain HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlainRequest {
    /// Whether it had `Authorization` or `Cookie`, as far as it was read.
    pub(crate) credentials: bool,
}

/// Written while a request is read, and read when nobody does so any more.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    is_plain: AtomicBool,
    credentials: AtomicBool,
}

impl Seen {
    /// The request, if there was one.
    pub(crate) fn request(&self) -> Option<PlainRequest> {
        let credentials = self.credentials.load(Ordering::Relaxed);
        self.is_plain.load(Ordering::Relaxed).then_some(PlainRequest { credentials })
    }

    pub(super) fn note(&self, search: &Search) {
        self.is_plain.store(true, Ordering::Relaxed);
        self.credentials.store(search.found_credentials(), Ordering::Relaxed);
    }
}
