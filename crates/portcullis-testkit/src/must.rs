//! How a test kit fails: it ends the test.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value, or the end of the test.
#[track_caller]
#[expect(clippy::panic, reason = "a test kit that cannot do its part must end the test")]
pub(crate) fn must<T>(result: Result<T, impl fmt::Debug>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("test kit: {what}: {error:?}"))
}

/// Takes the lock, also after a test panicked while holding it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
