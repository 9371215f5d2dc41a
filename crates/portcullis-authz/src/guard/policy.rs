use std::future::{Future, ready};

use portcullis_core::{Decision, Mode, Principal, Reason};

/// Decides whether a caller may do something to a resource.
///
/// One policy type usually decides several actions on several resources; a combination that it does not decide
/// does not compile. It sees nothing but the caller and the loaded resource: what else it needs is part of the
/// resource, or of the policy itself. A policy that must wait for what it needs is an [`AsyncPolicy`].
///
/// ```
/// use portcullis_authz::{Policy, Read};
/// use portcullis_core::{Decision, Principal, Reason};
///
/// struct Document { owner: String }
/// struct Rules;
///
/// impl Policy<Read, Document> for Rules {
///     fn decide(&self, caller: &Principal, document: &Document) -> Decision {
///         Decision::allow_if(document.owner == caller.subject(), Reason::PolicyDenied)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no policy for the action `{A}` on `{R}`",
    label = "no policy decides this",
    note = "write `impl Policy<{A}, {R}> for {Self}`; without it nobody may do it",
    note = "an `AsyncPolicy` is a policy inside `Awaited<..>`, a `ListPolicy` inside `Filtered<..>`"
)]
pub trait Policy<A, R>: Send + Sync {
    /// Whether the caller may. A refusal's reason goes to the audit event; the caller is told it only where the
    /// resource is not hidden. A reason that is a failure of the server is answered as that failure.
    fn decide(&self, caller: &Principal, resource: &R) -> Decision;

    /// The same, for those who can wait. By default, it is [`decide`](Self::decide), known at once: no box, no
    /// timer. Only a policy that wraps an [`AsyncPolicy`] says something else here.
    fn decide_async(&self, caller: &Principal, resource: &R) -> impl Future<Output = Decision> + Send
    where
        Self: Sized,
    {
        ready(self.decide(caller, resource))
    }

    /// How seriously this action on this kind of resource is taken, for this request. By default, this is
    /// [`Mode::Enforce`].
    ///
    /// A refusal that is not enforced, and a failure or a missed deadline of the policy, is noted in the Trail as
    /// what would have been; the resource is handed over all the same.
    fn mode(&self) -> Mode {
        Mode::Enforce
    }
}

/// Decides as a [`Policy`] does, but may wait: for a relation in a database, for a decision point.
///
/// [`Awaited`] makes a policy of it. Guards wait for as long as [`Resource::DECISION_DEADLINE`] says and answer 503
/// `policy_deadline_exceeded` after that.
///
/// ```
/// use portcullis_authz::{AsyncPolicy, Awaited, Policy, Read};
/// use portcullis_core::{Decision, Principal, Reason};
///
/// struct Document { id: u32 }
/// struct Shares(Vec<(u32, &'static str)>);
///
/// impl Shares {
///     /// Stands for a query.
///     async fn has(&self, id: u32, user: &str) -> bool {
///         self.0.contains(&(id, user))
///     }
/// }
///
/// impl AsyncPolicy<Read, Document> for Shares {
///     async fn decide(&self, caller: &Principal, document: &Document) -> Decision {
///         Decision::allow_if(self.has(document.id, caller.subject()).await, Reason::PolicyDenied)
///     }
/// }
///
/// fn is_policy(_: &impl Policy<Read, Document>) {}
/// is_policy(&Awaited(Shares(Vec::new())));
/// ```
///
/// [`Resource::DECISION_DEADLINE`]: crate::Resource::DECISION_DEADLINE
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no policy for the action `{A}` on `{R}`",
    label = "no policy decides this",
    note = "write `impl AsyncPolicy<{A}, {R}> for {Self}`; without it nobody may do it"
)]
pub trait AsyncPolicy<A, R>: Send + Sync {
    /// Whether the caller may, as [`Policy::decide`] says it.
    fn decide(&self, caller: &Principal, resource: &R) -> impl Future<Output = Decision> + Send;

    /// How seriously it is taken, as [`Policy::mode`] says it. By default, this is [`Mode::Enforce`].
    fn mode(&self) -> Mode {
        Mode::Enforce
    }
}

/// An [`AsyncPolicy`] as a [`Policy`]: `type Rules = Awaited<Shares>`.
///
/// Where nobody can wait, as in [`Guard::check`](crate::Guard::check), a decision that is not there at once is
/// 500 `misconfigured`.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it is what it wraps")]
pub struct Awaited<P>(pub P);

impl<A, R, P: AsyncPolicy<A, R>> Policy<A, R> for Awaited<P> {
    fn decide(&self, caller: &Principal, resource: &R) -> Decision {
        super::deadline::at_once(self.0.decide(caller, resource))
            .unwrap_or_else(|| Decision::deny(Reason::Misconfigured).because(NOBODY_WAITS))
    }

    fn decide_async(&self, caller: &Principal, resource: &R) -> impl Future<Output = Decision> + Send {
        self.0.decide(caller, resource)
    }

    fn mode(&self) -> Mode {
        self.0.mode()
    }
}

pub(super) const NOBODY_WAITS: &str =
    "the policy has to wait, but was asked where nobody can: use the guard's methods that are async";
