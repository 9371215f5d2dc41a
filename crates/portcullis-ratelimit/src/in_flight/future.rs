//! A permit that is held as long as a future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::body::HoldBody;
use super::permit::Permit;

pin_project! {
    /// Holds a permit until the future is ready or dropped, then leaves it to what [`HoldBody`] makes of it.
    pub struct HoldFuture<Fut, H> {
        #[pin]
        future: Fut,
        permit: Option<Permit>,
        hold: H,
    }
}

impl<Fut, H> HoldFuture<Fut, H> {
    /// Holds the permit, if there is one.
    pub fn new(future: Fut, permit: Option<Permit>, hold: H) -> Self {
        Self { future, permit, hold }
    }
}

impl<Fut, B, E, H> Future for HoldFuture<Fut, H>
where
    Fut: Future<Output = Result<Response<B>, E>>,
    H: HoldBody<B>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.future.poll(cx));
        let (permit, hold) = (this.permit.take(), this.hold);
        Poll::Ready(match (answer, permit) {
            (Ok(response), Some(permit)) => Ok(response.map(|body| hold.hold(body, permit))),
            (answer, _) => answer,
        })
    }
}

impl<Fut, H> fmt::Debug for HoldFuture<Fut, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HoldFuture").field("permit", &self.permit).finish_non_exhaustive()
    }
}
