use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_core::Step;

use crate::event::AuditEvent;
use crate::sinks::{AuditSink, SinkError};

/// Keeps the last events in memory, for a page that shows them and for tests. Clones share the events.
///
/// An event keeps the caller's [`Principal`](portcullis_core::Principal) alive, with its claims.
///
/// ```
/// use portcullis_audit::{Audit, MemorySink};
///
/// let last = MemorySink::keeping(100);
/// let audit = Audit::builder().sink(last.clone()).build()?;
/// assert!(last.events().is_empty());
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
#[derive(Clone)]
pub struct MemorySink(Arc<Ring>);

struct Ring {
    capacity: usize,
    events: Mutex<VecDeque<AuditEvent>>,
}

impl MemorySink {
    /// How many events it keeps by default.
    pub const DEFAULT_CAPACITY: usize = 1024;

    /// Keeps that many events, at least one; a new event pushes out the oldest.
    #[must_use]
    pub fn keeping(capacity: usize) -> Self {
        Self(Arc::new(Ring { capacity: capacity.max(1), events: Mutex::default() }))
    }

    /// The events that are kept, the oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<AuditEvent> {
        self.lock().iter().cloned().collect()
    }

    /// The last so many events, the newest first.
    #[must_use]
    pub fn latest(&self, count: usize) -> Vec<AuditEvent> {
        self.lock().iter().rev().take(count).cloned().collect()
    }

    /// Forgets the events.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<AuditEvent>> {
        // A panic while the lock was held leaves whole events.
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps [`DEFAULT_CAPACITY`](Self::DEFAULT_CAPACITY) events.
impl Default for MemorySink {
    fn default() -> Self {
        Self::keeping(Self::DEFAULT_CAPACITY)
    }
}

impl AuditSink for MemorySink {
    fn record(&self, event: &AuditEvent) -> Step<Result<(), SinkError>> {
        self.take(event.clone())
    }

    fn take(&self, event: AuditEvent) -> Step<Result<(), SinkError>> {
        let mut events = self.lock();
        let oldest = if events.len() < self.0.capacity { None } else { events.pop_front() };
        events.push_back(event);
        drop(events);
        // What an event holds is freed without the lock.
        drop(oldest);
        Step::Done(Ok(()))
    }
}

impl fmt::Debug for MemorySink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySink").field("capacity", &self.0.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::event;

    fn paths(events: &[AuditEvent]) -> Vec<&str> {
        events.iter().map(AuditEvent::path).collect()
    }

    #[test]
    fn keeps_the_last_events_up_to_the_limit() {
        let memory = MemorySink::keeping(2);
        for number in 0..4 {
            memory.record(&event(number)).done().unwrap().unwrap();
        }
        assert_eq!(paths(&memory.events()), ["/2", "/3"]);
        assert_eq!(paths(&memory.latest(1)), ["/3"]);
        assert_eq!(paths(&memory.latest(9)), ["/3", "/2"]);
        memory.clear();
        assert!(memory.events().is_empty());
    }

    #[test]
    fn keeps_one_event_at_least() {
        let memory = MemorySink::keeping(0);
        for number in 0..2 {
            memory.record(&event(number)).done().unwrap().unwrap();
        }
        assert_eq!(paths(&memory.events()), ["/1"]);
    }
}
