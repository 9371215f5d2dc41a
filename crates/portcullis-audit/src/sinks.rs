//! Where events go.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::{Clock, ConfigErrors, Step, TrailEntry};

use crate::event::AuditEvent;

mod json_lines;
mod memory;
mod tracing;

pub use self::json_lines::{JsonLines, JsonLinesSink, OnFull};
pub use self::memory::MemorySink;
pub use self::tracing::TracingSink;

/// Takes events. No method but [`drain`](Self::drain) may block: they run on the request's way, `record` also
/// while a cancelled request is dropped.
pub trait AuditSink: Send + Sync + 'static {
    /// Promises room for one event, before the request is handled. By default, there always is.
    ///
    /// Every `Ok` is followed by exactly one [`record`](Self::record).
    ///
    /// # Errors
    /// If the request must not go on, because its event would be lost: it is answered 503
    /// `audit_unavailable` and the inner service is not called.
    fn reserve(&self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Takes the event over before it returns. A [`Step::Wait`] only confirms that the event is safe: the
    /// answer waits for it, but it is dropped unpolled where nobody is left to wait.
    ///
    /// A sink that chose to lose an event says `Ok` and counts it in [`dropped`](Self::dropped). An error
    /// withholds the answer: the caller gets 503 `audit_unavailable`, although the request was handled.
    fn record(&self, event: &AuditEvent) -> Step<Result<(), SinkError>>;

    /// The same, with an event that the sink may keep: the audit calls this one. By default, it is
    /// [`record`](Self::record).
    fn take(&self, event: AuditEvent) -> Step<Result<(), SinkError>> {
        self.record(&event)
    }

    /// Takes a decision that came after the event of its request: one that changed nothing and that the answer did not
    /// wait for, such as that of a decision point in the shadow. By default, it is left out.
    ///
    /// It is called after [`record`](Self::record), from wherever the decision came, and for no request whose event
    /// was complete.
    fn late(&self, event: &AuditEvent, decision: &TrailEntry) {
        let _ = (event, decision);
    }

    /// How many events it took and lost. By default, none.
    fn dropped(&self) -> u64 {
        0
    }

    /// Blocks until all events that were recorded before are safe, but not longer than the timeout.
    /// By default, they always are.
    ///
    /// # Errors
    /// If some are not.
    fn drain(&self, timeout: Duration) -> Result<(), SinkError> {
        let _ = timeout;
        Ok(())
    }
}

/// An event could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SinkError {
    /// The sink takes no more events.
    Closed,
    /// Writing failed.
    Failed,
    /// There is no room.
    Full,
    /// The events were not safe in time.
    TimedOut,
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the audit sink is closed",
            Self::Failed => "the audit sink failed",
            Self::Full => "the audit queue is full",
            Self::TimedOut => "the audit events were not written in time",
        })
    }
}

impl Error for SinkError {}

/// What can be made a sink when the [`Audit`](crate::Audit) is built: every [`AuditSink`], and settings of one.
pub trait IntoSink: Send + 'static {
    /// The sink.
    type Sink: AuditSink;

    /// Opens the sink.
    ///
    /// # Errors
    /// Everything that is wrong with its settings.
    fn into_sink(self, clock: &Clock) -> Result<Self::Sink, ConfigErrors>;
}

impl<S: AuditSink> IntoSink for S {
    type Sink = S;

    fn into_sink(self, _: &Clock) -> Result<S, ConfigErrors> {
        Ok(self)
    }
}

impl<S: AuditSink + ?Sized> AuditSink for Arc<S> {
    fn reserve(&self) -> Result<(), SinkError> {
        (**self).reserve()
    }

    fn record(&self, event: &AuditEvent) -> Step<Result<(), SinkError>> {
        (**self).record(event)
    }

    fn take(&self, event: AuditEvent) -> Step<Result<(), SinkError>> {
        (**self).take(event)
    }

    fn late(&self, event: &AuditEvent, decision: &TrailEntry) {
        (**self).late(event, decision);
    }

    fn dropped(&self) -> u64 {
        (**self).dropped()
    }

    fn drain(&self, timeout: Duration) -> Result<(), SinkError> {
        (**self).drain(timeout)
    }
}
