//! Authentication in front of any tower service.

use std::fmt;
use std::sync::Arc;

use portcullis_core::{AttemptGuard, Clock, Denial, FromBytes, RenderDenial, RequestView, Step};
use portcullis_tower::{Decide, DecideLayer, DecideService};
use tower_layer::Layer;

use crate::route::RouteSchemes;

/// Lets a request pass only with a caller that one of the schemes knows. See the crate's docs.
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthenticationLayer<F = FromBytes>(DecideLayer<Authenticate, F>);

impl AuthenticationLayer {
    /// Takes these schemes. Refusals are problem+json, in any body that is made `From<Bytes>`.
    pub fn new(schemes: RouteSchemes) -> Self {
        Self::of(Authenticate { schemes, attempts: None })
    }

    /// Takes these schemes, and asks the guard before a guessable secret is verified. By default, attempts are
    /// not limited.
    pub fn limiting_attempts(schemes: RouteSchemes, attempts: Arc<dyn AttemptGuard>) -> Self {
        Self::of(Authenticate { schemes, attempts: Some(attempts) })
    }

    fn of(decide: Authenticate) -> Self {
        Self(DecideLayer::new(decide))
    }
}

impl<F> AuthenticationLayer<F> {
    /// Takes another renderer of refusals. By default, this is [`ProblemJson`](portcullis_core::ProblemJson).
    pub fn with_renderer(self, renderer: impl RenderDenial) -> Self {
        Self(self.0.with_renderer(renderer))
    }

    /// Makes the body of a refusal by a closure. By default, this is `From<Bytes>`.
    pub fn with_body<G>(self, body: G) -> AuthenticationLayer<G> {
        AuthenticationLayer(self.0.with_body(body))
    }

    /// Takes another clock for the Trail, if this layer opens it. By default, this is the system's.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self(self.0.with_clock(clock))
    }
}

impl<S, F: Clone> Layer<S> for AuthenticationLayer<F> {
    type Service = DecideService<S, Authenticate, F>;

    fn layer(&self, inner: S) -> Self::Service {
        self.0.layer(inner)
    }
}

/// The decision of an [`AuthenticationLayer`].
#[derive(Clone)]
pub struct Authenticate {
    schemes: RouteSchemes,
    attempts: Option<Arc<dyn AttemptGuard>>,
}

impl Decide for Authenticate {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        let attempts = self.attempts.as_ref().or(request.attempts());
        self.schemes.authenticate(&request.with_attempts(attempts))
    }
}

impl fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticate").field("schemes", &self.schemes).finish_non_exhaustive()
    }
}
