//! One event per request.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::StatusCode;
use portcullis_core::text::Text;
use portcullis_core::{
    Authentication, ClientAddress, Principal, Reason, RequestId, RequestLine, Trail, TrailEntry, TrailLimit,
};

/// What happened to one request, complete: the Trail behind it takes no further facts.
///
/// It serialises to the schema of the crate's docs, with everything that the client sent escaped and bounded.
/// The methods here give the facts as they are: escape what is printed
/// ([`Escaped`](portcullis_core::escape::Escaped)). It holds no header field, no query string and no body.
/// Clones are cheap.
#[derive(Clone)]
pub struct AuditEvent {
    trail: Trail,
    target: Option<Box<Target>>,
    answer: Answer,
}

/// What the request was about, where the Trail does not know: somebody else opened it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) line: RequestLine,
    pub(crate) peer: Option<SocketAddr>,
}

/// What became of it.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<StatusCode>,
    pub(crate) reason: Option<Reason>,
    /// Apart, since few requests have one, and every event is moved.
    pub(crate) cause: Option<Box<Text<[u8; 16]>>>,
    pub(crate) ended: Instant,
    pub(crate) route: Option<Arc<str>>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The caller went away before the answer was there.
    Aborted,
    /// There was an answer, of whatever status.
    Answered,
    /// The inner service failed without an answer.
    Failed,
    /// The inner service panicked; the caller was answered 500.
    Panicked,
}

impl Outcome {
    /// A short, stable name for events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
        }
    }
}

impl AuditEvent {
    pub(crate) fn new(trail: Trail, target: Option<Box<Target>>, answer: Answer) -> Self {
        Self { trail, target, answer }
    }

    /// When the request arrived.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.trail.opened_at()
    }

    /// The request's name.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        self.trail.id()
    }

    /// The method, as the client sent it, at most 32 octets of it.
    #[must_use]
    pub fn method(&self) -> &str {
        self.line().map_or("", |line| line.method.as_str())
    }

    /// The path, as the client sent it, without the query, at most [`MAX_PATH`](crate::MAX_PATH) octets of it.
    #[must_use]
    pub fn path(&self) -> &str {
        self.line().map_or("", |line| line.path.as_str())
    }

    /// The template of the route; `None` if no route matched.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.answer.route.as_deref()
    }

    /// The other end of the connection, if the server said so before the audit layer.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.target.as_ref().map_or(self.trail.opening().peer, |target| target.peer)
    }

    /// Who sent the request, after looking through trusted proxies.
    #[must_use]
    pub fn client(&self) -> ClientAddress {
        self.trail.client()
    }

    /// Whether the client used https; `None` if nobody resolved it.
    #[must_use]
    pub fn https(&self) -> Option<bool> {
        self.trail.origin().map(|origin| origin.secure)
    }

    /// Whether authentication was asked for, and whom it found. One that refused found nobody: it is
    /// [`NotAsked`](Authentication::NotAsked) here, and its refusal is one of the [`decisions`](Self::decisions).
    #[must_use]
    pub fn authentication(&self) -> &Authentication {
        self.trail.authentication()
    }

    /// The caller, if one was authenticated.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.trail.principal()
    }

    /// The decisions, in order.
    #[must_use]
    pub fn decisions(&self) -> Vec<TrailEntry> {
        self.trail.read(|state| state.entries.to_vec())
    }

    /// What the limits counted, in order.
    #[must_use]
    pub fn limits(&self) -> Vec<TrailLimit> {
        self.trail.read(|state| state.limits.to_vec())
    }

    /// Why the request was refused; `None` if it was not refused by Portcullis.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.answer.reason
    }

    /// The failure behind a refusal that is the server's own fault: the error and what caused it, at most
    /// [`MAX_DETAIL`](crate::MAX_DETAIL) octets of it.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.answer.cause.as_deref().map(Text::as_str)
    }

    /// The status of the answer; `None` if there was no answer.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.answer.status
    }

    /// From the arrival of the request to the head of the answer, or to what ended it.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.trail.elapsed_at(self.answer.ended)
    }

    /// How the request ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.answer.outcome
    }

    /// Drops it, and leaves the memory of its Trail to those of other requests.
    pub(crate) fn retire(self) {
        self.trail.retire();
    }

    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    // INVARIANT: what the Trail was not opened with, the event has itself.
    pub(crate) fn line(&self) -> Option<&RequestLine> {
        self.target.as_ref().map(|target| &target.line).or(self.trail.opening().line.as_ref())
    }

    pub(crate) fn answer(&self) -> &Answer {
        &self.answer
    }
}

/// Nothing of the client's: it may be printed anywhere.
impl fmt::Debug for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEvent")
            .field("request_id", &format_args!("{}", self.request_id()))
            .field("outcome", &self.outcome())
            .field("status", &self.status().map(|status| status.as_u16()))
            .field("reason", &self.reason())
            .finish_non_exhaustive()
    }
}
