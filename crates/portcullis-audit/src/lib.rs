#![doc = include_str!("../README.md")]

mod audit;
mod drain;
mod event;
mod future;
mod layer;
mod open_event;
mod prepare;
mod schema;
mod service;
mod sinks;
mod timestamp;

#[cfg(test)]
mod tests;

pub use self::audit::{Audit, AuditBuilder};
pub use self::drain::Drain;
pub use self::event::{AuditEvent, Outcome};
pub use self::future::ResponseFuture;
pub use self::layer::AuditLayer;
pub use self::prepare::{Prepare, Unprepared};
pub use self::schema::{MAX_ACTORS, MAX_DETAIL, MAX_TEXT, SCHEMA};
pub use self::service::AuditService;
pub use self::sinks::{
    AuditSink, IntoSink, JsonLines, JsonLinesSink, MemorySink, OnFull, SinkError, TracingSink,
};
#[doc(no_inline)]
pub use portcullis_core::MAX_PATH;
