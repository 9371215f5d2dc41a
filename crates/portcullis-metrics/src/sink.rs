use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use metrics::{SharedString, counter, histogram};
use portcullis_audit::{AuditEvent, AuditSink, SinkError};
use portcullis_core::{Effect, Step, TrailEntry};

/// What every name begins with, unless said otherwise.
pub const DEFAULT_PREFIX: &str = "portcullis";

/// Counts requests and decisions through the [`metrics`] facade. See the crate's docs.
#[derive(Clone, Debug)]
pub struct MetricsSink {
    names: Arc<Names>,
    routes: bool,
}

#[derive(Debug)]
struct Names {
    requests: SharedString,
    decisions: SharedString,
    duration: SharedString,
}

impl Names {
    fn new(prefix: &str) -> Arc<Self> {
        Arc::new(Self {
            requests: format!("{prefix}_requests_total").into(),
            decisions: format!("{prefix}_decisions_total").into(),
            duration: format!("{prefix}_request_duration_seconds").into(),
        })
    }
}

impl MetricsSink {
    /// Counts under names that begin with [`DEFAULT_PREFIX`], with a label for the route.
    #[must_use]
    pub fn new() -> Self {
        Self { names: Names::new(DEFAULT_PREFIX), routes: true }
    }

    /// Sets what every name begins with.
    ///
    /// # Errors
    /// [`InvalidPrefix`] if it is empty, begins with a digit, or has anything but ASCII letters, digits and `_`.
    pub fn with_prefix(self, prefix: &str) -> Result<Self, InvalidPrefix> {
        let is_name = prefix.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name { Ok(Self { names: Names::new(prefix), ..self }) } else { Err(InvalidPrefix) }
    }

    /// Leaves the label for the route empty, for applications with very many routes.
    #[must_use]
    pub fn without_routes(self) -> Self {
        Self { routes: false, ..self }
    }

    /// The name of the counter of decisions.
    #[must_use]
    pub fn decisions(&self) -> &str {
        &self.names.decisions
    }
}

impl MetricsSink {
    fn route(&self, event: &AuditEvent) -> String {
        event.route().filter(|_| self.routes).unwrap_or_default().to_owned()
    }

    fn decision(&self, route: &str, entry: &TrailEntry) {
        let effect = if entry.effect == Effect::Allow { "allow" } else { "deny" };
        let labels = [
            ("room", SharedString::const_str(entry.room.as_str())),
            ("effect", SharedString::const_str(effect)),
            ("reason", SharedString::const_str(entry.reason.code())),
            ("enforced", SharedString::const_str(if entry.enforced { "true" } else { "false" })),
            ("route", route.to_owned().into()),
            ("part", entry.part().map(Cow::into_owned).unwrap_or_default().into()),
        ];
        counter!(self.names.decisions.clone(), &labels).increment(1);
    }
}

/// A prefix that is no name: an exporter would drop what is counted under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidPrefix;

impl fmt::Display for InvalidPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the prefix of metrics is made of ASCII letters, digits and `_`, and begins with no digit",
        )
    }
}

impl Error for InvalidPrefix {}

impl Default for MetricsSink {
    fn default() -> Self {
        Self::new()
    }
}

impl AuditSink for MetricsSink {
    fn record(&self, event: &AuditEvent) -> Step<Result<(), SinkError>> {
        let route = self.route(event);
        for entry in event.decisions() {
            self.decision(&route, &entry);
        }
        let status = event.status().map(|status| status.as_str().to_owned()).unwrap_or_default();
        let labels = [
            ("outcome", SharedString::const_str(event.outcome().as_str())),
            ("status", status.into()),
            ("reason", SharedString::const_str(event.reason().map_or("", |reason| reason.code()))),
            ("route", route.clone().into()),
        ];
        counter!(self.names.requests.clone(), &labels).increment(1);
        histogram!(self.names.duration.clone(), "route" => route).record(event.duration());
        Step::Done(Ok(()))
    }

    fn late(&self, event: &AuditEvent, decision: &TrailEntry) {
        self.decision(&self.route(event), decision);
    }
}
