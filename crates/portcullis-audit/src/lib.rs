#![doc = include_str!("../README.md")]

mod audit;
mod drain;
mod event;
mod future;
mod layer;
mod open_event;
mod schema;
mod service;
mod sinks;
mod text;
mod timestamp;

#[cfg(test)]
mod tests;

pub use self::audit::{Audit, AuditBuilder};
pub use self::drain::Drain;
pub use self::event::{AuditEvent, MAX_PATH, Outcome};
pub use self::future::ResponseFuture;
pub use self::layer::AuditLayer;
pub use self::schema::{MAX_DETAIL, MAX_TEXT, SCHEMA};
pub use self::service::AuditService;
pub use self::sinks::{
    AuditSink, IntoSink, JsonLines, JsonLinesSink, MemorySink, OnFull, SinkError, TracingSink,
};
