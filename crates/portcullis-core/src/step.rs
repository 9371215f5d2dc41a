//! What is known now, and what must be waited for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// A boxed future of a decision that has to wait.
pub type Wait<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// The answer of an authenticator, a limit, a rule or a guard.
///
/// What is known at once (a local key, an in-process limit, a scope) is [`Step::Done`] and costs no
/// allocation; what must ask a backend is [`Step::Wait`] and boxes only that wait. Because the box is part of
/// this type, the traits that return it can be made into trait objects as they are.
#[must_use = "a step that nobody looks at decides nothing"]
#[expect(clippy::exhaustive_enums, reason = "every caller must handle both, and there is no third")]
pub enum Step<T> {
    /// Known now.
    Done(T),
    /// To be waited for.
    Wait(Wait<T>),
}

impl<T> Step<T> {
    /// A step that waits for the future.
    pub fn wait(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self::Wait(Box::pin(future))
    }

    /// Applies the function to the answer, now or when it is there.
    pub fn map<U>(self, f: impl FnOnce(T) -> U + Send + 'static) -> Step<U>
    where
        T: 'static,
    {
        match self {
            Self::Done(value) => Step::Done(f(value)),
            Self::Wait(wait) => Step::wait(async move { f(wait.await) }),
        }
    }

    /// Waits if need be.
    pub async fn resolve(self) -> T {
        match self {
            Self::Done(value) => value,
            Self::Wait(wait) => wait.await,
        }
    }

    /// The answer, if it is known now.
    #[must_use]
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Wait(_) => None,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(value) => f.debug_tuple("Done").field(value).finish(),
            Self::Wait(_) => f.write_str("Wait(..)"),
        }
    }
}
