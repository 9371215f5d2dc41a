//! The cap as a tower layer of its own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use portcullis_core::{
    BodyFrom, Clock, ConfigErrors, FromBytes, Refuse, RefusedRequest, RenderDenial, RequestView, Trail,
};
use portcullis_tower::ResponseFuture;
use tower_layer::Layer;
use tower_service::Service;

use super::InFlight;
use super::body::HeldBody;
use super::limiter::InFlightLimiter;
use super::permit::Permit;

/// Caps how many requests of a service are in flight at once, to the end of each response body. See the crate's docs.
#[must_use]
pub struct InFlightLayer<F = FromBytes> {
    limiter: InFlightLimiter,
    refuse: Refuse<F>,
    clock: Clock,
}

impl InFlightLayer {
    /// A layer of this cap.
    ///
    /// # Errors
    /// As [`InFlight::build`].
    pub fn new(cap: &InFlight) -> Result<Self, ConfigErrors> {
        Ok(Self::of(cap.build()?))
    }

    /// A layer of a cap that may be shared with other layers.
    pub fn of(limiter: InFlightLimiter) -> Self {
        Self { limiter, refuse: Refuse::new(), clock: Clock::system() }
    }
}

impl<F> InFlightLayer<F> {
    /// Takes another renderer of refusals. By default, this is [`ProblemJson`](portcullis_core::ProblemJson).
    pub fn with_renderer(self, renderer: impl RenderDenial) -> Self {
        Self { refuse: self.refuse.with_renderer(renderer), ..self }
    }

    /// Makes the body of a refusal by a closure. By default, this is `From<Bytes>`.
    pub fn with_body<G>(self, body: G) -> InFlightLayer<G> {
        InFlightLayer { limiter: self.limiter, refuse: self.refuse.with_body(body), clock: self.clock }
    }

    /// Takes another clock for the Trail, if this layer opens it. By default, this is the system's.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}

impl<S, F: Clone> Layer<S> for InFlightLayer<F> {
    type Service = InFlightService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        let Self { limiter, refuse, clock } = self.clone();
        InFlightService { inner, limiter, refuse, clock }
    }
}

/// The service of [`InFlightLayer`].
pub struct InFlightService<S, F = FromBytes> {
    inner: S,
    limiter: InFlightLimiter,
    refuse: Refuse<F>,
    clock: Clock,
}

impl<S, F, A, B> Service<Request<A>> for InFlightService<S, F>
where
    S: Service<Request<A>, Response = Response<B>>,
    F: BodyFrom<B>,
    B: Body,
{
    type Response = Response<HeldBody<B>>;
    type Error = S::Error;
    type Future = InFlightFuture<S::Future, B, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let opened = Trail::open_first(request.extensions_mut(), &self.clock);
        let entered = RequestView::of(&request).and_then(|view| self.limiter.enter(&view));
        let (future, permit) = match entered {
            Ok(permit) => (ResponseFuture::forward(self.inner.call(request)), permit),
            Err(denial) => {
                let refused = RefusedRequest::of(&request);
                (ResponseFuture::refuse(self.refuse.answer(denial, request, &refused)), None)
            }
        };
        InFlightFuture { future: future.opened(opened), permit }
    }
}

pin_project! {
    /// The response of [`InFlightService`]; it holds the permit until the body takes it over.
    pub struct InFlightFuture<Fut, B, E> {
        #[pin]
        future: ResponseFuture<Fut, B, E>,
        permit: Option<Permit>,
    }
}

impl<Fut, B, E> Future for InFlightFuture<Fut, B, E>
where
    Fut: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<HeldBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.future.poll(cx));
        let permit = this.permit.take();
        Poll::Ready(answer.map(|response| response.map(|body| HeldBody::new(body, permit))))
    }
}

impl<F: Clone> Clone for InFlightLayer<F> {
    fn clone(&self) -> Self {
        Self { limiter: self.limiter.clone(), refuse: self.refuse.clone(), clock: self.clock.clone() }
    }
}

impl<S: Clone, F: Clone> Clone for InFlightService<S, F> {
    fn clone(&self) -> Self {
        let (limiter, refuse, clock) = (self.limiter.clone(), self.refuse.clone(), self.clock.clone());
        Self { inner: self.inner.clone(), limiter, refuse, clock }
    }
}

impl<F> fmt::Debug for InFlightLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlightLayer").field("limiter", &self.limiter).finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, F> fmt::Debug for InFlightService<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlightService")
            .field("inner", &self.inner)
            .field("limiter", &self.limiter)
            .finish_non_exhaustive()
    }
}

impl<Fut, B, E> fmt::Debug for InFlightFuture<Fut, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlightFuture").field("permit", &self.permit).finish_non_exhaustive()
    }
}
