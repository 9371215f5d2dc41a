use std::time::Duration;

use portcullis_core::{Denial, Trail};

use super::action::Action;
use super::authorize::Guard;
use super::permit::Permit;
use super::policy::Policy;
use super::resource::{DEFAULT_DECISION_DEADLINE, OnDeny, kind_of};
use super::steps;
use super::target::Target;

/// A value that comes in the body of a request, such as a resource to create. It is checked by a
/// [`Policy<A, Self>`](Policy) before a handler sees it; on axum by `Checked<Create, Json<NewDocument>>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value that a guard can check",
    note = "write `impl Submitted for {Self} {{ type Rules = ..; }}`"
)]
pub trait Submitted: Sized + Send + Sync + 'static {
    /// The policy: it implements [`Policy<A, Self>`](Policy) for each action that there is.
    type Rules: Send + Sync + 'static;

    /// The largest body that is read, in bytes; a larger one is 413. By default, this is [`DEFAULT_MAX_BODY_BYTES`].
    const MAX_BODY_BYTES: usize = DEFAULT_MAX_BODY_BYTES;

    /// How long the policy may take, before the answer is 503 `policy_deadline_exceeded`. By default, this is
    /// [`DEFAULT_DECISION_DEADLINE`].
    const DECISION_DEADLINE: Duration = DEFAULT_DECISION_DEADLINE;

    /// What audit events call this kind of value. By default, this is the name of the type without its path.
    #[must_use]
    fn kind() -> &'static str {
        kind_of::<Self>()
    }
}

/// The largest body that is read to be checked, unless the value says otherwise: 64 KiB.
pub const DEFAULT_MAX_BODY_BYTES: usize = 64 * 1024;

impl<P> Guard<'_, P> {
    /// Asks the policy about a value that came in the body of the request of this Trail. There is nothing to hide, so
    /// a refusal is a 403.
    ///
    /// # Errors
    /// As [`check_async`](Self::check_async).
    pub async fn submitted<A, T>(&self, trail: &Trail, value: T) -> Result<Permit<A, T>, Denial>
    where
        A: Action,
        T: Submitted,
        P: Policy<A, T>,
    {
        let target = Target::submitted::<A, T>();
        let caller = steps::caller(trail)?;
        self.ask((caller, trail), value, target, OnDeny::Forbid, T::DECISION_DEADLINE).await
    }
}
