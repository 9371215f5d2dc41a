use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use portcullis_core::Decision;

use super::{Tell, panicked};

/// A decision that changes nothing while it is made: what panics in it, also when it is let go of, is a decision that it
/// panicked, and is polled no more.
pub(crate) struct Contained<F: Future<Output = Decision> + ?Sized> {
    /// `None` once it has decided.
    future: Option<Pin<Box<F>>>,
    panicked: fn() -> Decision,
}

impl<F: Future<Output = Decision> + ?Sized> Contained<F> {
    pub(crate) fn new<T: Tell>(future: Pin<Box<F>>) -> Self {
        Self { future: Some(future), panicked: panicked::<T> }
    }

    /// The decision, if it is there when it is asked for.
    pub(super) fn at_once(&mut self) -> Option<Decision> {
        match Pin::new(self).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(decision) => Some(decision),
            Poll::Pending => None,
        }
    }

    fn let_go(&mut self) {
        let future = self.future.take();
        // Nobody is told: what it decided stands, or that it did not.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(future)));
    }
}

impl<F: Future<Output = Decision> + ?Sized> Future for Contained<F> {
    type Output = Decision;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Decision> {
        let Some(future) = &mut self.future else { return Poll::Pending };
        // What is asked is only read.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        let polled = polled.unwrap_or_else(|_| Poll::Ready((self.panicked)()));
        if polled.is_ready() {
            self.let_go();
        }
        polled
    }
}

impl<F: Future<Output = Decision> + ?Sized> Drop for Contained<F> {
    fn drop(&mut self) {
        self.let_go();
    }
}
