use std::fmt;

use portcullis_core::{FromBytes, Refuse, RenderDenial};
use tower_layer::Layer;

use crate::audit::Audit;
use crate::service::AuditService;

/// Records one event per request. It is the outermost layer: what stands outside of it is not recorded. See the
/// crate's docs.
#[must_use]
pub struct AuditLayer<F = FromBytes> {
    audit: Audit,
    refuse: Refuse<F>,
}

impl AuditLayer {
    /// Records to these sinks, and answers a panic with problem+json, in any body that is made `From<Bytes>`.
    pub fn new(audit: Audit) -> Self {
        Self { audit, refuse: Refuse::new() }
    }
}

impl<F> AuditLayer<F> {
    /// Takes another renderer of refusals. By default, this is [`ProblemJson`](portcullis_core::ProblemJson).
    pub fn with_renderer(self, renderer: impl RenderDenial) -> Self {
        Self { refuse: self.refuse.with_renderer(renderer), ..self }
    }

    /// Makes the body of a refusal by a closure. By default, this is `From<Bytes>`.
    pub fn with_body<G>(self, body: G) -> AuditLayer<G> {
        AuditLayer { audit: self.audit, refuse: self.refuse.with_body(body) }
    }

    /// Takes a finished [`Refuse`] that is shared with other layers. By default, this is [`Refuse::new`].
    pub fn with_refuse<G>(self, refuse: Refuse<G>) -> AuditLayer<G> {
        AuditLayer { audit: self.audit, refuse }
    }
}

impl<S, F: Clone> Layer<S> for AuditLayer<F> {
    type Service = AuditService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        AuditService::new(inner, self.audit.clone(), self.refuse.clone())
    }
}

impl<F: Clone> Clone for AuditLayer<F> {
    fn clone(&self) -> Self {
        Self { audit: self.audit.clone(), refuse: self.refuse.clone() }
    }
}

impl<F> fmt::Debug for AuditLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLayer").field("audit", &self.audit).finish_non_exhaustive()
    }
}
