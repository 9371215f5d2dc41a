//! What waits to be written.

use portcullis_core::TrailEntry;
use serde::{Serialize, Serializer};

use crate::event::AuditEvent;
use crate::schema::LateDecision;

/// The event of a request, or a decision that came after it.
pub(super) enum Line {
    Event(AuditEvent),
    Late(Box<(AuditEvent, TrailEntry)>),
}

/// As large as the processor moves at once, and as it keeps together.
const _: () = assert!(size_of::<Line>() <= 64);

impl Line {
    pub(super) fn of(event: AuditEvent) -> Self {
        Self::Event(event)
    }

    pub(super) fn late(event: AuditEvent, decision: TrailEntry) -> Self {
        Self::Late(Box::new((event, decision)))
    }

    /// Ends it once it is written.
    pub(super) fn retire(self) {
        match self {
            Self::Event(event) => event.retire(),
            Self::Late(late) => late.0.retire(),
        }
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Event(event) => event.serialize(serializer),
            Self::Late(late) => LateDecision(&late.0, &late.1).serialize(serializer),
        }
    }
}
