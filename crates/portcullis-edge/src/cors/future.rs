use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use portcullis_core::Trail;

pin_project! {
    /// The response of a [`CorsService`](super::CorsService).
    pub struct ResponseFuture<Fut, B> {
        #[pin]
        state: State<Fut, B>,
        // Set if this layer opened the Trail: then it also applies the Trail's response fields.
        opened: Option<Trail>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<Fut, B> {
        Answered { response: Option<Response<B>> },
        Forwarded { #[pin] future: Fut },
    }
}

impl<Fut, B> ResponseFuture<Fut, B> {
    pub(super) fn answer(response: Response<B>, opened: Option<Trail>) -> Self {
        Self { state: State::Answered { response: Some(response) }, opened }
    }

    pub(super) fn forward(future: Fut, opened: Option<Trail>) -> Self {
        Self { state: State::Forwarded { future }, opened }
    }
}

impl<Fut, B, E> Future for ResponseFuture<Fut, B>
where
    Fut: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answer = ready!(match this.state.project() {
            // A future that is polled after it was ready never is again.
            StateProjection::Answered { response } =>
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response))),
            StateProjection::Forwarded { future } => future.poll(cx),
        });
        if let (Some(trail), Ok(response)) = (this.opened.take(), &mut answer) {
            trail.apply_fields(response.headers_mut());
        }
        Poll::Ready(answer)
    }
}

impl<Fut, B> fmt::Debug for ResponseFuture<Fut, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
