use std::fmt;
use std::sync::Arc;

use portcullis_core::{Clock, FromBytes, Refuse, RenderDenial};
use tower_layer::Layer;

use crate::service::DecideService;

/// Puts a decision in front of a service. See the crate's docs.
#[must_use]
pub struct DecideLayer<D, F = FromBytes> {
    decide: Arc<D>,
    refuse: Refuse<F>,
    clock: Clock,
}

impl<D> DecideLayer<D> {
    /// Refuses with problem+json, in any body that is made `From<Bytes>`.
    pub fn new(decide: D) -> Self {
        Self { decide: Arc::new(decide), refuse: Refuse::new(), clock: Clock::system() }
    }
}

impl<D, F> DecideLayer<D, F> {
    /// Takes another renderer of refusals. By default, this is [`ProblemJson`](portcullis_core::ProblemJson).
    pub fn with_renderer(self, renderer: impl RenderDenial) -> Self {
        Self { refuse: self.refuse.with_renderer(renderer), ..self }
    }

    /// Makes the body of a refusal by a closure. By default, this is `From<Bytes>`.
    pub fn with_body<G>(self, body: G) -> DecideLayer<D, G> {
        DecideLayer { decide: self.decide, refuse: self.refuse.with_body(body), clock: self.clock }
    }

    /// Takes another decision and keeps the rest.
    pub fn with_decision<E>(self, decide: E) -> DecideLayer<E, F> {
        DecideLayer { decide: Arc::new(decide), refuse: self.refuse, clock: self.clock }
    }

    /// Takes another clock for the Trail, if this layer opens it. By default, this is the system's.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}

impl<S, D, F: Clone> Layer<S> for DecideLayer<D, F> {
    type Service = DecideService<S, D, F>;

    fn layer(&self, inner: S) -> Self::Service {
        DecideService::new(inner, Arc::clone(&self.decide), self.refuse.clone(), self.clock.clone())
    }
}

impl<D, F: Clone> Clone for DecideLayer<D, F> {
    fn clone(&self) -> Self {
        Self { decide: Arc::clone(&self.decide), refuse: self.refuse.clone(), clock: self.clock.clone() }
    }
}

impl<D: fmt::Debug, F> fmt::Debug for DecideLayer<D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecideLayer").field("decide", &self.decide).finish_non_exhaustive()
    }
}
