use std::fmt;

use portcullis_core::escape::Escaped;
use portcullis_core::{Step, TrailEntry, TrailState};
use tracing::{Level, enabled, event};

use crate::event::{AuditEvent, Outcome};
use crate::schema::{MAX_TEXT, effect};
use crate::sinks::{AuditSink, SinkError};

/// Emits one tracing event per request, with the target `portcullis::audit`.
///
/// The level is `INFO`, and `ERROR` for a request that panicked or failed. It runs the subscriber on the
/// request's way: where that is slow, so is the answer. A filter that turns the target off loses the events.
///
/// Without a subscriber the events are gone: install one, such as `tracing_subscriber::fmt().init()`.
///
/// Fields: `request_id`, `method`, `route`, `path`, `client`, `https`, `subject`, `issuer`, `actor`, `credential` (the method, such
/// as `jwt`), `scheme` (its configured name), `decisions` (`room:effect:reason`, a shadow decision with `?`, in one text), `limits`
/// (`name:remaining`, a limit that refused with `!`, in one text), `reason`, `cause`, `status`,
/// `duration_us`, `outcome`; those that are not known are absent. A decision that comes after its request is an event of
/// its own, `late decision`, with `request_id`, `route` and `decisions`.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TracingSink;

impl TracingSink {
    /// The target of the events.
    pub const TARGET: &'static str = "portcullis::audit";

    /// Emits to whatever subscriber is current.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

macro_rules! emit {
    ($level:expr, $event:expr) => {
        if enabled!(target: TracingSink::TARGET, $level) {
            let event: &AuditEvent = $event;
            let principal = event.principal();
            event.trail().read(|state| {
                event!(
                    target: TracingSink::TARGET,
                    $level,
                    request_id = %event.request_id(),
                    method = event.line().map(|line| tracing::field::display(&line.method)),
                    route = event.route(),
                    path = event.line().map(|line| tracing::field::display(&line.path)),
                    client = event.client().ip().map(tracing::field::display),
                    https = event.https(),
                    subject = principal.map(|caller| name(caller.subject())),
                    issuer = principal.and_then(|caller| caller.issuer()).map(name),
                    actor = principal.and_then(|caller| caller.actor()?.subject_name()).map(name),
                    credential = principal.map(|caller| name(caller.method().as_str())),
                    scheme = state.scheme.as_deref().map(name),
                    decisions = %Decisions(state),
                    limits = (!state.limits.is_empty()).then(|| tracing::field::display(Limits(state))),
                    reason = event.reason().map(|reason| reason.code()),
                    cause = event.answer().cause.as_ref().map(tracing::field::display),
                    status = event.status().map(|status| status.as_u16()),
                    duration_us = u64::try_from(event.duration().as_micros()).unwrap_or(u64::MAX),
                    outcome = event.outcome().as_str(),
                    "request"
                );
            });
        }
    };
}

impl AuditSink for TracingSink {
    fn record(&self, event: &AuditEvent) -> Step<Result<(), SinkError>> {
        match event.outcome() {
            Outcome::Aborted | Outcome::Answered => emit!(Level::INFO, event),
            Outcome::Failed | Outcome::Panicked => emit!(Level::ERROR, event),
        }
        Step::Done(Ok(()))
    }

    fn late(&self, event: &AuditEvent, decision: &TrailEntry) {
        event!(
            target: TracingSink::TARGET,
            Level::INFO,
            request_id = %event.request_id(),
            route = event.route(),
            decisions = %Decision(decision),
            "late decision"
        );
    }
}

fn name(text: &str) -> tracing::field::DisplayValue<Escaped<'_>> {
    tracing::field::display(Escaped::new(text).with_limit(MAX_TEXT))
}

struct Decisions<'a>(&'a TrailState);

impl fmt::Display for Decisions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.0.entries.iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(f, "{separator}{}", Decision(entry))?;
        }
        Ok(())
    }
}

struct Limits<'a>(&'a TrailState);

impl fmt::Display for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, limit) in self.0.limits.iter().enumerate() {
            let (separator, refused) =
                (if index == 0 { "" } else { " " }, if limit.allowed { "" } else { "!" });
            write!(f, "{separator}{}:{}{refused}", Escaped::new(&limit.name), limit.remaining)?;
        }
        Ok(())
    }
}

struct Decision<'a>(&'a TrailEntry);

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(entry) = self;
        let shadow = if entry.enforced { "" } else { "?" };
        let (room, effect, reason) = (entry.room.as_str(), effect(entry.effect), entry.reason.code());
        write!(f, "{room}:{effect}:{reason}{shadow}")
    }
}
