//! What waits to be written.

use portcullis_core::TrailEntry;
use serde::{Serialize, Serializer};

use crate::event::AuditEvent;
use crate::schema::LateDecision;

/// The event of a request, or a decision that came after it.
pub(super) struct Line {
    event: AuditEvent,
    late: Option<Box<TrailEntry>>,
}

impl Line {
    pub(super) fn of(event: AuditEvent) -> Self {
        Self { event, late: None }
    }

    pub(super) fn late(event: AuditEvent, decision: TrailEntry) -> Self {
        Self { event, late: Some(Box::new(decision)) }
    }

    /// Ends it once it is written.
    pub(super) fn retire(self) {
        self.event.retire();
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.late {
            None => self.event.serialize(serializer),
            Some(decision) => LateDecision(&self.event, decision).serialize(serializer),
        }
    }
}
