use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use portcullis_core::{BodyFrom, Denial, Refuse, RefusedRequest, Step, Trail, Wait};
use tower_service::Service;

pin_project! {
    /// The response of a service that decides first: forwarded, refused, or waiting. Services that answer in
    /// another way than [`DecideService`](crate::DecideService) make it themselves.
    pub struct ResponseFuture<Fut, B, E> {
        #[pin]
        state: State<Fut, B, E>,
        // Set if this layer opened the Trail: then it also applies the Trail's response fields.
        opened: Option<Trail>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<Fut, B, E> {
        Forwarded { #[pin] future: Fut },
        Refused { response: Option<Response<B>> },
        Waiting { future: Pin<Box<dyn Future<Output = Result<Response<B>, E>> + Send>> },
    }
}

impl<Fut, B, E> ResponseFuture<Fut, B, E> {
    /// The answer of the inner service.
    #[inline]
    pub fn forward(future: Fut) -> Self {
        Self { state: State::Forwarded { future }, opened: None }
    }

    /// An answer that is known now; the inner service is not called.
    #[inline]
    pub fn refuse(response: Response<B>) -> Self {
        Self { state: State::Refused { response: Some(response) }, opened: None }
    }

    /// An answer that waits for a decision first.
    pub fn wait(future: impl Future<Output = Result<Response<B>, E>> + Send + 'static) -> Self {
        Self { state: State::Waiting { future: Box::pin(future) }, opened: None }
    }

    /// Goes on as the decision says: forwards the request, refuses it, or waits and then does the one or the other.
    #[inline]
    pub fn follow<S, F, A>(
        step: Step<Result<(), Denial>>,
        inner: &mut S,
        request: Request<A>,
        refuse: &Refuse<F>,
    ) -> Self
    where
        S: Service<Request<A>, Response = Response<B>, Error = E, Future = Fut> + Clone + Send + 'static,
        Fut: Future<Output = Result<Response<B>, E>> + Send,
        F: BodyFrom<B>,
        A: Send + 'static,
    {
        Self::follow_opened(step, inner, request, refuse, None)
    }

    /// The same for whoever may have opened the Trail, as [`opened`](Self::opened) says: the future is made where it goes,
    /// and not moved.
    #[inline]
    pub fn follow_opened<S, F, A>(
        step: Step<Result<(), Denial>>,
        inner: &mut S,
        request: Request<A>,
        refuse: &Refuse<F>,
        opened: Option<Trail>,
    ) -> Self
    where
        S: Service<Request<A>, Response = Response<B>, Error = E, Future = Fut> + Clone + Send + 'static,
        Fut: Future<Output = Result<Response<B>, E>> + Send,
        F: BodyFrom<B>,
        A: Send + 'static,
    {
        match step {
            Step::Done(Ok(())) => Self { state: State::Forwarded { future: inner.call(request) }, opened },
            Step::Done(Err(denial)) => {
                Self { state: State::Refused { response: Some(answer(refuse, denial, request)) }, opened }
            }
            Step::Wait(wait) => Self::delay(wait, inner, request, refuse).opened(opened),
        }
    }

    /// Stands apart, so that a request that need not wait is not moved for the sake of one that must.
    #[inline(never)]
    fn delay<S, F, A>(
        wait: Wait<Result<(), Denial>>,
        inner: &mut S,
        request: Request<A>,
        refuse: &Refuse<F>,
    ) -> Self
    where
        S: Service<Request<A>, Response = Response<B>, Error = E, Future = Fut> + Clone + Send + 'static,
        Fut: Future<Output = Result<Response<B>, E>> + Send,
        F: BodyFrom<B>,
        A: Send + 'static,
    {
        let (mut ready, refuse) = (take_ready(inner), refuse.clone());
        Self::wait(async move {
            match wait.await {
                Ok(()) => ready.call(request).await,
                Err(denial) => Ok(answer(&refuse, denial, request)),
            }
        })
    }

    /// Also applies the response fields of a Trail that this layer opened.
    #[must_use]
    #[inline]
    pub fn opened(mut self, opened: Option<Trail>) -> Self {
        self.opened = opened;
        self
    }
}

fn answer<A, B, F: BodyFrom<B>>(refuse: &Refuse<F>, denial: Denial, request: Request<A>) -> Response<B> {
    let refused = RefusedRequest::of(&request);
    refuse.answer(denial, request, &refused)
}

/// Takes the service that was polled ready along; its fresh clone stays behind.
pub fn take_ready<S: Clone>(inner: &mut S) -> S {
    let clone = inner.clone();
    mem::replace(inner, clone)
}

impl<Fut, B, E> Future for ResponseFuture<Fut, B, E>
where
    Fut: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answer = ready!(match this.state.project() {
            StateProjection::Forwarded { future } => future.poll(cx),
            // A future that is polled after it was ready never is again.
            StateProjection::Refused { response } =>
                response.take().map_or(Poll::Pending, |r| Poll::Ready(Ok(r))),
            StateProjection::Waiting { future } => future.as_mut().poll(cx),
        });
        if let (Some(trail), Ok(response)) = (this.opened.take(), &mut answer) {
            trail.apply_fields(response.headers_mut());
        }
        Poll::Ready(answer)
    }
}

impl<Fut, B, E> fmt::Debug for ResponseFuture<Fut, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
