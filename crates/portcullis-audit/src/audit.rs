//! The handle on the sinks.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use portcullis_core::{
    Clock, ConfigCode, ConfigError, ConfigErrors, Denial, Opening, Room, Step, TrailEntry,
};

use crate::drain::Drain;
use crate::event::AuditEvent;
use crate::future::discard;
use crate::open_event::OpenEvent;
use crate::sinks::{AuditSink, IntoSink, SinkError};

/// The sinks of an application. Clones share them.
#[derive(Clone)]
pub struct Audit(Arc<Shared>);

struct Shared {
    sinks: Box<[Arc<dyn AuditSink>]>,
    clock: Clock,
    recorded: AtomicU64,
    failed: AtomicU64,
}

impl Audit {
    /// Starts without a sink, with the system's clock.
    pub fn builder() -> AuditBuilder {
        AuditBuilder { sinks: Vec::new(), silent: false, clock: Clock::system() }
    }

    /// How many events every sink took.
    #[must_use]
    pub fn recorded(&self) -> u64 {
        self.0.recorded.load(Ordering::Relaxed)
    }

    /// How many times a sink refused or lost an event; more than zero is worth an alarm.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let dropped = self.0.sinks.iter().map(|sink| sink.dropped()).sum::<u64>();
        self.0.failed.load(Ordering::Relaxed).saturating_add(dropped)
    }

    /// Waits until all events recorded before are safe, but not longer than the timeout. It needs no runtime.
    ///
    /// # Errors
    /// [`SinkError::TimedOut`] or [`SinkError::Failed`] if some are not.
    pub fn drain(&self, timeout: Duration) -> Drain {
        let audit = self.clone();
        Drain::spawn(move || audit.drain_blocking(timeout))
    }

    /// Blocks until all events recorded before are safe, but not longer than the timeout.
    ///
    /// # Errors
    /// [`SinkError::TimedOut`] or [`SinkError::Failed`] if some are not; the other sinks are drained all the same.
    pub fn drain_blocking(&self, timeout: Duration) -> Result<(), SinkError> {
        let start = self.0.clock.monotonic();
        let mut result = Ok(());
        for sink in &self.0.sinks {
            let spent = self.0.clock.monotonic().saturating_duration_since(start);
            result = result.and(sink.drain(timeout.saturating_sub(spent)));
        }
        result
    }

    /// Records a request that a server refused by itself, because what the client sent is no HTTP: no layer sees it. The
    /// closure writes down what is known of the connection; neither method nor path are.
    ///
    /// The event is one of [`Outcome::Answered`](crate::Outcome::Answered). Nobody waits for it: a sink that has no room,
    /// or loses it, counts as always.
    ///
    /// ```
    /// use http::StatusCode;
    /// use portcullis_audit::{Audit, MemorySink};
    /// use portcullis_core::{Denial, Reason, Room};
    ///
    /// let last = MemorySink::keeping(10);
    /// let audit = Audit::builder().sink(last.clone()).build()?;
    /// let denial = Denial::new(Reason::MalformedRequest).explained("invalid HTTP header parsed");
    /// audit.record_unread(Room::Edge, StatusCode::BAD_REQUEST, &denial, |opening| {
    ///     opening.peer = "192.0.2.1:50000".parse().ok();
    /// });
    /// let event = last.events().pop().unwrap();
    /// assert_eq!((event.method(), event.path(), event.status()), ("", "", Some(StatusCode::BAD_REQUEST)));
    /// assert_eq!(event.reason(), Some(Reason::MalformedRequest));
    /// # Ok::<(), portcullis_core::ConfigErrors>(())
    /// ```
    pub fn record_unread(
        &self,
        room: Room,
        status: StatusCode,
        denial: &Denial,
        prepare: impl FnOnce(&mut Opening),
    ) {
        if let Some(event) = OpenEvent::unread(self, prepare) {
            event.refuse(room, status, denial);
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Whether nothing is recorded.
    pub(crate) fn is_silent(&self) -> bool {
        self.0.sinks.is_empty()
    }

    /// Asks every sink for room. Those that have none are named by their place.
    pub(crate) fn reserve(&self) -> Result<(), Vec<usize>> {
        // Nothing is allocated for an empty list.
        let mut refusing = Vec::new();
        for (index, sink) in self.0.sinks.iter().enumerate() {
            if !matches!(catch_unwind(AssertUnwindSafe(|| sink.reserve())), Ok(Ok(()))) {
                refusing.push(index);
            }
        }
        if refusing.is_empty() {
            return Ok(());
        }
        self.0.failed.fetch_add(refusing.len() as u64, Ordering::Relaxed);
        Err(refusing)
    }

    /// Gives the event to every sink but those that had no room.
    pub(crate) fn record(&self, event: AuditEvent, refusing: &[usize]) -> Step<Result<(), SinkError>> {
        let (mut result, mut waits) = (Ok(()), Vec::new());
        let mut told = |step| match step {
            Step::Done(Ok(())) => {}
            Step::Done(Err(error)) => result = Err(error),
            Step::Wait(wait) => waits.push(wait),
        };
        // The last sink may keep the event, the others get a copy.
        let Some((last, others)) = self.0.sinks.split_last() else { return Step::Done(Ok(())) };
        for (_, sink) in others.iter().enumerate().filter(|(index, _)| !refusing.contains(index)) {
            told(self.give(&**sink, event.clone()));
        }
        if !refusing.contains(&others.len()) {
            told(self.give(&**last, event));
        }
        if result.is_ok() && refusing.is_empty() {
            self.0.recorded.fetch_add(1, Ordering::Relaxed);
        }
        if waits.is_empty() {
            return Step::Done(result);
        }
        let audit = self.clone();
        Step::wait(async move {
            for wait in waits {
                if let Err(error) = wait.await {
                    result = audit.failed(error);
                }
            }
            result
        })
    }

    /// Gives the event to a sink, and counts its failure.
    fn give(&self, sink: &dyn AuditSink, event: AuditEvent) -> Step<Result<(), SinkError>> {
        // A sink may run code of others, such as a tracing subscriber: its panic is its failure alone.
        match catch_unwind(AssertUnwindSafe(|| sink.take(event))) {
            Ok(Step::Done(Err(error))) => Step::Done(self.failed(error)),
            Ok(step) => step,
            Err(panic) => {
                discard(panic);
                Step::Done(self.failed(SinkError::Failed))
            }
        }
    }

    /// Tells every sink of a decision that came after the event.
    pub(crate) fn late(&self, event: &AuditEvent, decision: &TrailEntry) {
        for sink in &self.0.sinks {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| sink.late(event, decision))) {
                discard(panic);
                self.0.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn failed(&self, error: SinkError) -> Result<(), SinkError> {
        self.0.failed.fetch_add(1, Ordering::Relaxed);
        Err(error)
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("sinks", &self.0.sinks.len())
            .field("recorded", &self.recorded())
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}

/// Makes an [`Audit`].
#[must_use]
pub struct AuditBuilder {
    sinks: Vec<Open>,
    silent: bool,
    clock: Clock,
}

type Open = Box<dyn FnOnce(&Clock) -> Result<Arc<dyn AuditSink>, ConfigErrors> + Send>;

impl AuditBuilder {
    /// Adds a sink. Every event goes to every sink, in this order.
    pub fn sink(mut self, sink: impl IntoSink) -> Self {
        self.sinks.push(Box::new(move |clock| Ok(Arc::new(sink.into_sink(clock)?))));
        self
    }

    /// Records nothing, if there is no sink: no event is made. Panics are caught and answered all the same.
    ///
    /// # Security
    /// Nobody will know who did what. A layer of your own in front must keep a record instead.
    pub fn insecure_without_sink(self) -> Self {
        Self { silent: true, ..self }
    }

    /// Takes another clock, which dates and times the events. By default, this is the system's.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Opens the sinks.
    ///
    /// # Errors
    /// `P503` without a sink, unless [`insecure_without_sink`](Self::insecure_without_sink) was said, and whatever is wrong with the sinks' settings, all at once.
    pub fn build(self) -> Result<Audit, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.sinks.is_empty() && !self.silent {
            errors.push(ConfigError::new(ConfigCode::NoAuditSink, "the audit has no sink"));
        }
        let sinks = self.sinks.into_iter().filter_map(|open| errors.take(open(&self.clock))).collect();
        let audit = Audit(Arc::new(Shared {
            sinks,
            clock: self.clock,
            recorded: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }));
        errors.into_result(audit)
    }
}

impl fmt::Debug for AuditBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditBuilder").field("sinks", &self.sinks.len()).finish_non_exhaustive()
    }
}
