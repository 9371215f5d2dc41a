use std::fmt;
use std::sync::Arc;

use portcullis_core::{Clock, FromBytes};
use tower_layer::Layer;

use super::policy::Cors;
use super::service::CorsService;

/// Applies [`Cors`] to a service. It stands outside of everything that may refuse, so that pages can read
/// refusals too.
#[must_use]
pub struct CorsLayer<F = FromBytes> {
    cors: Arc<Cors>,
    body: F,
    clock: Clock,
}

impl CorsLayer {
    /// Answers preflights in any body that is made `From<Bytes>`.
    pub fn new(cors: impl Into<Arc<Cors>>) -> Self {
        Self { cors: cors.into(), body: Default::default(), clock: Clock::system() }
    }
}

impl<F> CorsLayer<F> {
    /// Makes the empty body of the answer to a preflight by a closure. By default, this is `From<Bytes>`.
    pub fn with_body<G>(self, body: G) -> CorsLayer<G> {
        CorsLayer { cors: self.cors, body, clock: self.clock }
    }

    /// Takes another clock for the Trail, if this layer opens it. By default, this is the system's.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}

impl<S, F: Clone> Layer<S> for CorsLayer<F> {
    type Service = CorsService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        CorsService::new(inner, Arc::clone(&self.cors), self.body.clone(), self.clock.clone())
    }
}

impl<F: Clone> Clone for CorsLayer<F> {
    fn clone(&self) -> Self {
        Self { cors: Arc::clone(&self.cors), body: self.body.clone(), clock: self.clock.clone() }
    }
}

impl<F> fmt::Debug for CorsLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorsLayer").field("cors", &self.cors).finish_non_exhaustive()
    }
}
