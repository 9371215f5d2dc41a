//! How long a guard waits. What is known at once costs no timer.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What came of a wait.
pub(super) enum Waited<T> {
    /// An answer.
    Answered(T),
    /// None in time.
    Elapsed,
    /// There is no runtime of tokio around that keeps the time.
    #[cfg(feature = "deadlines")]
    NoTimer,
}

/// Waits for the future, but not for longer than that. A future that is ready when it is first asked needs no
/// runtime.
pub(super) async fn within<F: Future>(deadline: Duration, future: F) -> Waited<F::Output> {
    let mut future = pin!(future);
    match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        Poll::Ready(answer) => Waited::Answered(answer),
        Poll::Pending => late(deadline, future).await,
    }
}

#[cfg(feature = "deadlines")]
async fn late<F: Future>(deadline: Duration, future: F) -> Waited<F::Output> {
    let Some(timed) = timed(deadline, future) else { return Waited::NoTimer };
    match timed.await {
        Ok(answer) => Waited::Answered(answer),
        Err(_) => Waited::Elapsed,
    }
}

/// The future with a timer; `None` where nothing keeps the time.
#[cfg(feature = "deadlines")]
fn timed<F: Future>(deadline: Duration, future: F) -> Option<tokio::time::Timeout<F>> {
    tokio::runtime::Handle::try_current().ok()?;
    // A runtime does not say whether it keeps the time: making a timer panics where it does not.
    let make = std::panic::AssertUnwindSafe(|| tokio::time::timeout(deadline, future));
    std::panic::catch_unwind(make).ok()
}

/// Without a timer only what has no time at all is late.
#[cfg(not(feature = "deadlines"))]
async fn late<F: Future>(deadline: Duration, future: F) -> Waited<F::Output> {
    if deadline.is_zero() { Waited::Elapsed } else { Waited::Answered(future.await) }
}

/// The answer, if it is there when first asked for.
pub(super) fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}
