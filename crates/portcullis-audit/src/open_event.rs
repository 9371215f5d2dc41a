//! The event of a request that is still on its way.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use portcullis_core::{Denial, Effect, ProblemType, Reason, ResponseFields, Room, Step, Trail};

use crate::audit::Audit;
use crate::event::{Answer, AuditEvent, Outcome, Target};
use crate::schema::MAX_DETAIL;
use crate::sinks::SinkError;
use crate::text::Text;

/// Becomes exactly one event: when it is told how the request ended, or when it is dropped, which is to say that
/// the caller went away.
pub(crate) struct OpenEvent {
    audit: Audit,
    // INVARIANT: taken once, by what records the event.
    facts: Option<Facts>,
    // The sinks that had no room; empty for every request that reaches the inner service.
    refusing: Vec<usize>,
}

struct Facts {
    trail: Trail,
    target: Target,
}

impl OpenEvent {
    pub(crate) fn new<A>(audit: &Audit, trail: Trail, request: &Request<A>) -> Self {
        let facts = Facts { trail, target: Target::of(request) };
        Self { audit: audit.clone(), facts: Some(facts), refusing: Vec::new() }
    }

    /// Asks the sinks for room.
    pub(crate) fn reserve(&mut self) -> Result<(), Denial> {
        self.audit.reserve().map_err(|refusing| {
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
        let fields = self.facts.as_ref().map(|facts| facts.trail.take_fields()).unwrap_or_default();
        (self.end(outcome, Some(response.status()), response.extensions().get::<Denial>()), fields)
    }

    /// Counts a sink that panicked while it was waited for.
    pub(crate) fn unconfirmed(&self) -> Result<(), SinkError> {
        self.audit.failed(SinkError::Failed)
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
    ) -> Step<Result<(), SinkError>> {
        let Some(Facts { trail, target }) = self.facts.take() else {
            return Step::Done(Ok(()));
        };
        if let Some(denial) = denial {
            note(&trail, denial);
        }
        trail.close();
        let (reason, cause, duration) = (denial.map(Denial::reason), denial.and_then(cause), trail.elapsed());
        let event = AuditEvent::new(trail, target, Answer { outcome, status, reason, cause, duration });
        self.audit.record(&event, &self.refusing)
    }
}

impl Drop for OpenEvent {
    fn drop(&mut self) {
        self.give_up(Outcome::Aborted);
    }
}

/// The refusal of a request whose event cannot be recorded.
pub(crate) fn unavailable() -> Denial {
    Denial::new(Reason::AuditUnavailable).retry_after(RETRY_AFTER)
}

/// The failure behind a refusal, with what caused it. Nobody else tells it to those who run the server.
fn cause(denial: &Denial) -> Option<Text<[u8; 16]>> {
    let source = denial.source().filter(|_| denial.is_failure())?;
    // How an error prints itself is the code of others: it must not cost the event.
    catch_unwind(AssertUnwindSafe(|| Text::printed(Chain(source), MAX_DETAIL))).ok()
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

/// Writes the refusal that was answered to the Trail, unless whoever refused has done so.
fn note(trail: &Trail, denial: &Denial) {
    let noted = trail.read(|state| {
        let last = state.entries.iter().rev().find(|entry| entry.enforced && entry.effect == Effect::Deny);
        last.is_some_and(|entry| entry.reason == denial.reason())
    });
    if !noted {
        trail.denied(room(denial.reason()), denial);
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
        (_, Some(ProblemType::InsufficientScope | ProblemType::Forbidden)) => Room::Rule,
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
