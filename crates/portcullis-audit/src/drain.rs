//! Waiting for the sinks without blocking an async thread.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use crate::sinks::SinkError;

/// Waits until the events are safe. See [`Audit::drain`](crate::Audit::drain).
#[must_use = "a future does nothing until it is awaited"]
pub struct Drain(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    result: Option<Result<(), SinkError>>,
    waker: Option<Waker>,
}

impl Drain {
    /// Runs what blocks on a thread of its own: it ends with its own deadline, whatever becomes of the runtime.
    pub(crate) fn spawn(block: impl FnOnce() -> Result<(), SinkError> + Send + 'static) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let work = move || finish(&shared, block());
        if thread::Builder::new().name("portcullis-drain".to_owned()).spawn(work).is_err() {
            finish(&state, Err(SinkError::Failed));
        }
        Self(state)
    }
}

fn finish(state: &Mutex<State>, result: Result<(), SinkError>) {
    let waker = {
        let mut state = lock(state);
        state.result = Some(result);
        state.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Future for Drain {
    type Output = Result<(), SinkError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.0);
        if let Some(result) = state.result {
            return Poll::Ready(result);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl fmt::Debug for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}
