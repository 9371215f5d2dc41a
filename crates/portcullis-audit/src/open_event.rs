//! The event of a request that is still on its way.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use portcullis_core::text::Text;
use portcullis_core::{
    ConnectionFacts, Denial, Finished, Opening, ProblemType, Reason, RefusedRequest, RequestLine,
    ResponseFields, Room, Step, Trail,
};

use crate::audit::Audit;
use crate::event::{Answer, AuditEvent, Outcome, Target};
use crate::schema::MAX_DETAIL;
use crate::sinks::SinkError;

/// Becomes exactly one event: when it is told how the request ended, or when it is dropped, which is to say that
/// the caller went away.
pub(crate) struct OpenEvent {
    // INVARIANT: taken once, by what records the event.
    trail: Option<Trail>,
    // `None` if nothing is recorded: the Trail is finished, and that is all.
    audit: Option<Audit>,
    target: Option<Box<Target>>,
    // The sinks that had no room; empty for every request that reaches the inner service.
    refusing: Vec<usize>,
}

impl OpenEvent {
    /// Opens the Trail of a request, or takes on the event of one that is open; `None` if somebody else has.
    pub(crate) fn open<A>(
        audit: &Audit,
        request: &mut Request<A>,
        prepare: impl FnOnce(&Request<A>, &mut Opening),
    ) -> Option<(Self, RefusedRequest)> {
        let refused = RefusedRequest::of(request);
        let recording = !audit.is_silent();
        let (trail, target) = match request.extensions().get::<Trail>() {
            Some(trail) if trail.claim_event() => {
                let target =
                    || Target { line: RequestLine::of(request.method(), request.uri()), peer: peer(request) };
                // The time of the event is that of its opening.
                let _ = recording.then(|| trail.opened_at());
                (trail.clone(), recording.then(|| Box::new(target())))
            }
            Some(_) => return None,
            None => {
                let prepare = |opening: &mut Opening| {
                    prepare(request, opening);
                    opening.claim_event();
                    opening.refused = Some(refused);
                    if recording {
                        opening.keep_line(request.method(), request.uri());
                        if opening.peer.is_none() {
                            opening.peer = peer(request);
                        }
                        opening.date(audit.clock());
                    }
                };
                // The writer of `JsonLines` retires Trails, in the end.
                let trail = if recording {
                    Trail::open_reusing(audit.clock(), prepare)
                } else {
                    Trail::open_prepared(audit.clock(), prepare)
                };
                request.extensions_mut().insert(trail.clone());
                (trail, None)
            }
        };
        let audit = recording.then(|| audit.clone());
        Some((Self { trail: Some(trail), audit, target, refusing: Vec::new() }, refused))
    }

    /// Opens the Trail of a request that nobody read, and so nobody handles: sinks without room do without its event.
    /// `None` if nothing is recorded.
    pub(crate) fn unread(audit: &Audit, prepare: impl FnOnce(&mut Opening)) -> Option<Self> {
        if audit.is_silent() {
            return None;
        }
        let trail = Trail::open_prepared(audit.clock(), |opening| {
            prepare(opening);
            opening.claim_event();
            opening.date(audit.clock());
        });
        let refusing = audit.reserve().err().unwrap_or_default();
        Some(Self { trail: Some(trail), audit: Some(audit.clone()), target: None, refusing })
    }

    /// Records the event of a request that was refused unread. Nobody waits for the sinks.
    pub(crate) fn refuse(mut self, room: Room, status: StatusCode, denial: &Denial) {
        if let Some(trail) = &self.trail {
            trail.denied(room, denial);
        }
        drop(self.end(Outcome::Answered, Some(status), Some(denial)));
    }

    /// Asks the sinks for room.
    pub(crate) fn reserve(&mut self) -> Result<(), Denial> {
        let Some(audit) = &self.audit else { return Ok(()) };
        audit.reserve().map_err(|refusing| {
            self.refusing = refusing;
            unavailable()
        })
    }

    /// Records the event. The fields are for the answer that the caller gets in the end.
    pub(crate) fn answer<B>(
        &mut self,
        outcome: Outcome,
        response: &Response<B>,
    ) -> (Step<Result<(), SinkError>>, ResponseFields) {
        self.end(outcome, Some(response.status()), response.extensions().get::<Denial>())
    }

    /// Counts a sink that panicked while it was waited for.
    pub(crate) fn unconfirmed(&self) -> Result<(), SinkError> {
        self.audit.as_ref().map_or(Ok(()), |audit| audit.failed(SinkError::Failed))
    }

    /// Records the event of a request without an answer. Nobody waits for the sinks.
    pub(crate) fn give_up(&mut self, outcome: Outcome) {
        drop(self.end(outcome, None, None));
    }

    fn end(
        &mut self,
        outcome: Outcome,
        status: Option<StatusCode>,
        denial: Option<&Denial>,
    ) -> (Step<Result<(), SinkError>>, ResponseFields) {
        let Some(trail) = self.trail.take() else {
            return (Step::Done(Ok(())), ResponseFields::default());
        };
        let Finished { fields, route, awaits, .. } =
            trail.finish(denial.map(|denial| (room(denial.reason()), denial)));
        let Some(audit) = &self.audit else {
            return (Step::Done(Ok(())), fields);
        };
        let (reason, cause, ended) =
            (denial.map(Denial::reason), denial.and_then(cause), trail.clock().monotonic());
        let answer = Answer { outcome, status, reason, cause, ended, route };
        let event = AuditEvent::new(trail, self.target.take(), answer);
        let late = awaits.then(|| event.clone());
        let recorded = audit.record(event, &self.refusing);
        if let Some(event) = late {
            let audit = audit.clone();
            let trail = event.trail().clone();
            trail.tell_late(move |entry| audit.late(&event, entry));
        }
        (recorded, fields)
    }
}

fn peer<A>(request: &Request<A>) -> Option<SocketAddr> {
    request.extensions().get::<ConnectionFacts>().and_then(|facts| facts.peer)
}

impl Drop for OpenEvent {
    fn drop(&mut self) {
        if self.trail.is_some() {
            self.give_up(Outcome::Aborted);
        }
    }
}

/// The refusal of a request whose event cannot be recorded.
pub(crate) fn unavailable() -> Denial {
    Denial::new(Reason::AuditUnavailable).retry_after(RETRY_AFTER)
}

/// The failure behind a refusal, with what caused it. Nobody else tells it to those who run the server.
fn cause(denial: &Denial) -> Option<Box<Text<[u8; 16]>>> {
    let source = denial.source().filter(|_| denial.is_failure())?;
    // How an error prints itself is the code of others: it must not cost the event.
    catch_unwind(AssertUnwindSafe(|| Box::new(Text::printed(Chain(source), MAX_DETAIL)))).ok()
}

/// Prints an error and its sources.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        // A chain that never ends ends here.
        let mut sources = std::iter::successors(self.0.source(), |&error| error.source()).take(MAX_SOURCES);
        sources.try_for_each(|source| write!(f, ": {source}"))
    }
}

/// Which room gives such a reason.
fn room(reason: Reason) -> Room {
    match (reason, reason.problem()) {
        (Reason::RouteNotFound | Reason::MethodNotAllowed, _) => Room::Routing,
        (Reason::PolicyDenied | Reason::ResourceHidden | Reason::ResourceNotFound, _) => Room::Guard,
        (Reason::Banned | Reason::OriginNotAllowed | Reason::MalformedForwarding, _) => Room::Edge,
        (Reason::CostExceedsQuota | Reason::LimitStoreUnavailable, _)
        | (_, Some(ProblemType::QuotaExceeded)) => Room::Limit,
        (
            _,
            Some(
                ProblemType::InsufficientScope
                | ProblemType::InsufficientUserAuthentication
                | ProblemType::Forbidden,
            ),
        ) => Room::Rule,
        (
            _,
            Some(ProblemType::Unauthenticated | ProblemType::InvalidCredentials | ProblemType::InvalidToken),
        ) => Room::Authentication,
        _ => Room::Handler,
    }
}

/// When a client may try again after a refusal for want of room.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many sources of an error are printed.
const MAX_SOURCES: usize = 16;
