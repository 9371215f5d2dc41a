//! What is known of a request before anybody shares its Trail.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicU16, Ordering};

use http::{Method, Uri};

use super::Trail;
use super::retired::Empty;
use crate::clock::Moment;
use crate::text::Text;
use crate::{ClientAddress, Clock, ConnectionFacts, ExternalOrigin, RefusedRequest, RequestId};

/// How many octets of a path a [`RequestLine`] keeps; the rest is cut off and marked with `…`.
pub const MAX_PATH: usize = 1024;

/// How many octets of a method a [`RequestLine`] keeps.
pub const MAX_METHOD: usize = 32;

/// What whoever opens a Trail knows of the request already.
///
/// It is written before anybody shares the Trail, so that neither writing nor reading it takes a lock. By default,
/// nothing is known.
// In the order of use: memory of a Trail that comes from another thread is fetched piece by piece.
#[derive(Debug, Default)]
#[non_exhaustive]
#[repr(C)]
pub struct Opening {
    pub(super) birth: Option<Birth>,
    /// What must be known to refuse the request after it is gone.
    pub refused: Option<RefusedRequest>,
    pub(super) recorded: bool,
    /// Who opened it, by a part of its address, which is what there is room for; 0 for somebody who did not say.
    pub(super) opener: Option<OpenerId>,
    /// The other end of the connection, wherever it was found.
    pub peer: Option<SocketAddr>,
    /// What the request is about, for its event.
    pub line: Option<RequestLine>,
    /// Who sent the request. Whatever [`Trail::set_client`] says later does not count.
    pub client: Option<ClientAddress>,
    /// Which scheme, host and port the client used. Nor does a later [`Trail::set_origin`].
    pub origin: Option<ExternalOrigin>,
    /// What the server knows of the connection, if that is not in the request's extensions.
    pub connection: Option<ConnectionFacts>,
}

/// The name of a request, and when it arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Birth {
    pub(super) id: RequestId,
    pub(super) moment: Moment,
}

impl Birth {
    pub(super) fn now(clock: &Clock) -> Self {
        Self { id: RequestId::generate(), moment: clock.moment() }
    }
}

impl Opening {
    /// Says that the request arrived now, and names it. By default, it arrives when somebody first asks for its name
    /// or time: nobody does where no event is recorded, and reading clocks is not free.
    pub fn date(&mut self, clock: &Clock) {
        self.birth = Some(Birth::now(clock));
    }

    /// Keeps a copy of what the request is about, made where it stays.
    pub fn keep_line(&mut self, method: &Method, uri: &Uri) {
        let line = self.line.insert(RequestLine { method: Text::empty(), path: Text::empty() });
        line.method.add(method.as_str(), MAX_METHOD);
        line.path.add(uri.path(), MAX_PATH);
    }

    /// Says who opens the Trail: somebody who finds out by [`is_opened_by`](Self::is_opened_by), at once and further in,
    /// that nobody else stands between, and nothing has waited since.
    pub fn opened_by(&mut self, opener: OpenerId) {
        self.opener = Some(opener);
    }

    /// Whether this very one was said to open the Trail.
    #[must_use]
    #[inline]
    pub fn is_opened_by(&self, opener: Option<OpenerId>) -> bool {
        opener.is_some() && self.opener == opener
    }

    /// Says that whoever opens the Trail also records the event, as [`Trail::claim_event`]
    /// does.
    pub fn claim_event(&mut self) {
        self.recorded = true;
    }
}

/// Tells one who opens Trails from all others in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenerId(NonZeroU16);

impl OpenerId {
    /// The next one; `None` after 65,535 of them, since none is given twice.
    #[must_use]
    pub fn next() -> Option<Self> {
        static LAST: AtomicU16 = AtomicU16::new(0);
        let last =
            LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| last.checked_add(1)).ok()?;
        last.checked_add(1).and_then(NonZeroU16::new).map(Self)
    }
}

/// A bounded copy of what a request is about, without the query.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestLine {
    /// The method, at most [`MAX_METHOD`] octets of it.
    pub method: Text<[u8; 16]>,
    /// The path, at most [`MAX_PATH`] octets of it.
    pub path: Text<[u8; 96]>,
}

impl Trail {
    /// Opens a Trail for a request that arrived now.
    #[must_use]
    pub fn open(clock: &Clock) -> Self {
        Self::open_prepared(clock, |opening| opening.date(clock))
    }

    /// Opens a Trail with what is known already.
    #[must_use]
    pub fn open_with(clock: &Clock, opening: Opening) -> Self {
        Self::open_prepared(clock, |known| *known = opening)
    }

    /// Opens a Trail with what the closure writes down, which is nothing before: as [`open_with`](Self::open_with), but
    /// nothing is moved.
    #[must_use]
    #[inline]
    pub fn open_prepared(clock: &Clock, prepare: impl FnOnce(&mut Opening)) -> Self {
        // Made where it stays: three moves of a thousand octets less.
        Empty::default().open(clock, prepare)
    }
}

impl RequestLine {
    /// Copies what is kept.
    #[must_use]
    pub fn of(method: &Method, uri: &Uri) -> Self {
        Self { method: Text::bounded(method.as_str(), MAX_METHOD), path: Text::bounded(uri.path(), MAX_PATH) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_opened_a_trail_is_told_from_all_others_and_from_nobody() {
        let (one, other) = (OpenerId::next(), OpenerId::next());
        let mut opening = Opening::default();
        assert!(!opening.is_opened_by(one) && !opening.is_opened_by(None));
        opening.opened_by(one.unwrap());
        assert!(opening.is_opened_by(one) && !opening.is_opened_by(other) && !opening.is_opened_by(None));
    }
}
