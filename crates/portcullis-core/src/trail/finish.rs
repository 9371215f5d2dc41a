//! The end of a Trail.

use std::mem;
use std::sync::Arc;

use http::HeaderMap;

use super::{ResponseFields, Room, Trail, TrailEntry};
use crate::Denial;

/// What whoever ends a Trail takes over.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use = "fields that no response gets are lost"]
pub struct Finished {
    /// The collected fields.
    pub fields: ResponseFields,
    /// The template of the route that matched.
    pub route: Option<Arc<str>>,
    /// Whether decisions are awaited still: [`Trail::tell_late`] says who is told of them.
    pub awaits: bool,
}

impl Trail {
    /// Moves the collected fields into the response's headers. The outermost layer calls it once.
    pub fn apply_fields(&self, headers: &mut HeaderMap) {
        self.take_fields().apply(headers);
    }

    /// Takes the collected fields, for whoever does not know yet which response gets them.
    pub fn take_fields(&self) -> ResponseFields {
        ResponseFields(mem::take(&mut self.lock().fields))
    }

    /// Ends the collection of decisions, limits and fields: the audit event is made, and what comes later, such
    /// as from a task that outlives the request, does not change it. Fields that no response took are dropped,
    /// since they may hold secrets, such as a cookie.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.fields.clear();
    }

    /// Ends the collection as [`close`](Self::close) does, and takes what the response and the event need.
    ///
    /// Notes the refusal that was answered, unless whoever refused has done so.
    pub fn finish(&self, refused: Option<(Room, &Denial)>) -> Finished {
        let mut state = self.lock();
        if let Some((room, denial)) = refused
            && !state.closed
            && !state.notes(denial)
        {
            state.enter(TrailEntry::refusal(room, denial));
        }
        state.closed = true;
        Finished {
            fields: ResponseFields(mem::take(&mut state.fields)),
            route: state.route.take(),
            awaits: state.late.as_ref().is_some_and(|late| late.awaited > 0),
        }
    }
}
