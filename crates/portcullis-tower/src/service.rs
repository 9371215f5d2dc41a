use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use portcullis_core::{BodyFrom, Clock, Denial, Refuse, RequestView, Step, Trail};
use tower_service::Service;

use crate::future::ResponseFuture;

/// What a layer decides about a request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide about requests",
    note = "implement `Decide::decide`, which answers with `Step::Done` or `Step::Wait`"
)]
pub trait Decide: Send + Sync + 'static {
    /// Whether the request may go on. What else is worth knowing is written to the Trail.
    ///
    /// A [`Step::Wait`] takes clones of what it needs along; it cannot borrow the request.
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>>;
}

/// Asks for a decision, then refuses or forwards. See the crate's docs.
pub struct DecideService<S, D, F> {
    inner: S,
    decide: Arc<D>,
    refuse: Refuse<F>,
    clock: Clock,
}

impl<S, D, F> DecideService<S, D, F> {
    pub(crate) fn new(inner: S, decide: Arc<D>, refuse: Refuse<F>, clock: Clock) -> Self {
        Self { inner, decide, refuse, clock }
    }
}

impl<S, D, F, A, B> Service<Request<A>> for DecideService<S, D, F>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    D: Decide,
    F: BodyFrom<B>,
    A: Send + 'static,
    B: 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, B, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let opened = Trail::open_first(request.extensions_mut(), &self.clock);
        let view = match &opened {
            Some(trail) => Ok(RequestView::with_trail(&request, trail)),
            None => RequestView::of(&request),
        };
        let step = match view {
            Ok(view) => self.decide.decide(&view),
            Err(denial) => Step::Done(Err(denial)),
        };
        ResponseFuture::follow_opened(step, &mut self.inner, request, &self.refuse, opened)
    }
}

impl<S: Clone, D, F: Clone> Clone for DecideService<S, D, F> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            decide: Arc::clone(&self.decide),
            refuse: self.refuse.clone(),
            clock: self.clock.clone(),
        }
    }
}

impl<S: fmt::Debug, D: fmt::Debug, F> fmt::Debug for DecideService<S, D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecideService")
            .field("inner", &self.inner)
            .field("decide", &self.decide)
            .finish_non_exhaustive()
    }
}
