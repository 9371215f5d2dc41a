//! How long a store may take. What is known at once costs no timer.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use portcullis_core::{ConfigCode, ConfigError, Denial, Reason, StoreError};
use tokio::runtime::Handle;
use tokio::time::{Timeout, timeout};

/// How long a store of users or keys may take each time that it is asked: 5 seconds.
pub const DEFAULT_STORE_DEADLINE: Duration = Duration::from_secs(5);

/// The longest deadline of a store that can be set: one minute.
pub const MAX_STORE_DEADLINE: Duration = Duration::from_secs(60);

/// What is wrong with a deadline.
pub(crate) fn fault(deadline: Duration) -> Option<ConfigError> {
    let most = MAX_STORE_DEADLINE.as_secs();
    let message = format!("deadline of a store is not between 0 and {most} s");
    let sound = !deadline.is_zero() && deadline <= MAX_STORE_DEADLINE;
    (!sound).then(|| ConfigError::new(ConfigCode::ZeroLimit, message))
}

/// What the store answers, in time.
///
/// # Errors
/// 503 if it fails or is late; 500 if it has to wait where no runtime of tokio keeps the time.
pub(crate) async fn within<T>(
    deadline: Duration,
    store: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Denial> {
    let mut store = pin!(store);
    let answer = match poll_fn(|cx| Poll::Ready(store.as_mut().poll(cx))).await {
        Poll::Ready(answer) => answer,
        Poll::Pending => {
            let timed = timed(deadline, store).ok_or_else(|| Denial::misconfigured(NO_TIMER))?;
            timed.await.map_err(|_| {
                let late = format!("the store did not answer within {deadline:?}");
                Denial::new(Reason::StoreDeadlineExceeded).explained(late)
            })?
        }
    };
    answer.map_err(|error| error.into_denial(Reason::StoreUnavailable))
}

const NO_TIMER: &str = "a store that has to wait needs a running tokio runtime with time enabled";

/// The future with a timer; `None` where nothing keeps the time.
fn timed<F: Future>(deadline: Duration, future: F) -> Option<Timeout<F>> {
    Handle::try_current().ok()?;
    // A runtime does not say whether it keeps the time: making a timer panics where it does not.
    catch_unwind(AssertUnwindSafe(|| timeout(deadline, future))).ok()
}
