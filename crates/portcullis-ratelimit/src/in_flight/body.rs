//! A permit that is held as long as a body.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::permit::Permit;

/// Bodies of at most this many octets need no permit: 64 KiB, which is what a connection takes off a handler's hands
/// without waiting for the client (the first window of an HTTP/2 stream, RFC 9113 §6.9.2, is as large).
pub const RELEASED_WITH_HEAD: u64 = 1 << 16;

/// What becomes of a permit when the head of the response is ready, and its body yet to be sent.
///
/// Closures implement it; one that wraps the body in [`HeldBody`] holds the permit until the client has it.
pub trait HoldBody<B> {
    /// The body that is sent.
    fn hold(&self, body: B, permit: Permit) -> B;
}

impl<B, F: Fn(B, Permit) -> B> HoldBody<B> for F {
    fn hold(&self, body: B, permit: Permit) -> B {
        self(body, permit)
    }
}

/// Gives the place back when the head of the response is ready: for bodies whose type cannot be wrapped.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit to be named in expressions")]
pub struct ReleaseWithHead;

impl<B> HoldBody<B> for ReleaseWithHead {
    fn hold(&self, body: B, permit: Permit) -> B {
        drop(permit);
        body
    }
}

pin_project! {
    /// A body that holds a permit until it is read to its end, fails, or is dropped.
    #[derive(Debug)]
    pub struct HeldBody<B> {
        #[pin]
        body: B,
        permit: Option<Permit>,
    }
}

impl<B: Body> HeldBody<B> {
    /// Holds the permit, unless the body is over or known to be no longer than [`RELEASED_WITH_HEAD`].
    pub fn new(body: B, permit: Option<Permit>) -> Self {
        let permit = permit.filter(|_| Self::is_worth_it(&body));
        Self { body, permit }
    }

    /// Whether the body is one that a slow client could keep open.
    pub fn is_worth_it(body: &B) -> bool {
        !body.is_end_stream() && body.size_hint().upper().is_none_or(|octets| octets > RELEASED_WITH_HEAD)
    }
}

impl<B: Body> Body for HeldBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let polled = this.body.poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            drop(this.permit.take());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
