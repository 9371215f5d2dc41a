use std::future::{Future, ready};

use portcullis_core::{Decision, Mode, Principal, Reason, Step};

use super::asking::Asking;

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
    /// Whether it may have to wait, or asks an engine, so that a caller could tell by the time whether it was asked. Then a
    /// resource that hides says what it is asked about in place of what does not exist
    /// ([`Resource::ABSENT`](crate::Resource::ABSENT)). By default, this is `false`, as for plain code: a guard that has to wait
    /// for one that does not say so, about a resource that hides and says [nothing](crate::Absent::Unsaid) of a stand-in, answers 500
    /// `misconfigured`. Until that is mended, 500 for what exists and 404 for what does not are told apart.
    ///
    /// A policy around another one passes this on, with [`decide_absent`](Self::decide_absent) and
    /// [`in_request`](Self::in_request).
    const WAITS: bool = false;

    /// Whether the caller may. A refusal's reason goes to the audit event; the caller is told it only where the
    /// resource is not hidden. A reason that is a failure of the server is answered as that failure.
    fn decide(&self, caller: &Principal, resource: &R) -> Decision;

    /// The same, for those who can wait. By default, it is [`decide`](Self::decide), known at once: no box, no
    /// timer. Only a policy that wraps an [`AsyncPolicy`] says something else here, and that it [waits](Self::WAITS).
    fn decide_async(&self, caller: &Principal, resource: &R) -> impl Future<Output = Decision> + Send
    where
        Self: Sized,
    {
        ready(self.decide(caller, resource))
    }

    /// The same, without holding on to the resource: what is returned has taken along what it needs. Guards ask this where
    /// the decision changes nothing ([`mode`](Self::mode)), and let it come beside the request, which goes on;
    /// [`MAX_WATCHED_POLICIES`](crate::MAX_WATCHED_POLICIES) of them at once, each for as long as the guard's deadline says.
    ///
    /// By default, this is `None`: the policy needs the resource to decide. Then the guard asks
    /// [`decide_async`](Self::decide_async) in its place, polls it once and goes on: what is not known by then is not waited
    /// for, and noted as a failure. A policy in plain code needs nothing else, and neither does one that has its answer at
    /// hand; one that asks a database or another server should take a copy of what it asks about:
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use portcullis_authz::{AsyncPolicy, Read};
    /// use portcullis_core::{Decision, Mode, Principal, Reason, Step};
    ///
    /// struct Document { id: u32 }
    /// struct Shares(Arc<Vec<(u32, &'static str)>>);
    ///
    /// /// Stands for a query.
    /// async fn shared(shares: &[(u32, &'static str)], id: u32, user: &str) -> Decision {
    ///     Decision::allow_if(shares.contains(&(id, user)), Reason::PolicyDenied)
    /// }
    ///
    /// impl AsyncPolicy<Read, Document> for Shares {
    ///     async fn decide(&self, caller: &Principal, document: &Document) -> Decision {
    ///         shared(&self.0, document.id, caller.subject()).await
    ///     }
    ///     fn decide_detached(&self, caller: &Principal, document: &Document) -> Option<Step<Decision>> {
    ///         let (shares, caller, id) = (Arc::clone(&self.0), caller.clone(), document.id);
    ///         Some(Step::wait(async move { shared(&shares, id, caller.subject()).await }))
    ///     }
    ///     fn waits_with_resource(&self) -> bool {
    ///         false // it takes along what it needs
    ///     }
    ///     fn mode(&self) -> Mode {
    ///         Mode::Shadow
    ///     }
    /// }
    /// ```
    fn decide_detached(&self, caller: &Principal, resource: &R) -> Option<Step<Decision>> {
        let _ = (caller, resource);
        None
    }

    /// Whether this policy may have to wait, and holds on to the resource meanwhile: it cannot be asked
    /// [without it](Self::decide_detached). Where it is not [enforced](Self::mode), little is then learned of it. The advice
    /// `P279` of the route table tells of such a policy. By default, this is `false`, as for plain code, which is known at once.
    fn waits_with_resource(&self) -> bool {
        false
    }

    /// Whether requests wait for this policy where it is not [enforced](Self::mode) and holds on to the resource, at most for
    /// the guard's deadline. By default, this is `false`: it is polled once. The advice `P279` tells of a policy that says
    /// `true`.
    ///
    /// # Security
    /// What is only watched then reaches the callers after all: a backend that is slow makes every response slow, for as long
    /// as the deadline lasts, and whatever makes it slow does so to them. Prefer [`Detached`](crate::Detached) or
    /// [`decide_detached`](Self::decide_detached); else keep the deadline short
    /// ([`Resource::DECISION_DEADLINE`](crate::Resource::DECISION_DEADLINE)).
    fn danger_await_unenforced(&self) -> bool {
        false
    }

    /// The same about a resource that does not exist, so that one that is hidden cannot be told from it by the work that is done.
    /// The answer is 404 whatever is decided here, unless the policy failed; what it says is told to the audit event.
    ///
    /// By default, it decides about the stand-in ([`Absent::AskedAs`](crate::Absent::AskedAs)) as about any other resource, and
    /// where there is none, nothing is done: a policy whose refusals are no dearer than a comparison, and that cannot fail, needs
    /// nothing else.
    /// [`Filtered`](crate::Filtered) makes its filter here, compares as much, and keeps as much for the tree, as it does for a
    /// refusal.
    ///
    /// Guards ask it where a resource is [hidden](crate::OnDeny::Hide) and the policy enforced.
    fn decide_absent(&self, caller: &Principal, stand_in: Option<&R>) -> impl Future<Output = Decision> + Send
    where
        Self: Sized,
        R: Sync,
    {
        let asked = stand_in.map(|stand_in| self.decide_async(caller, stand_in));
        async move {
            match asked {
                Some(decision) => decision.await,
                None => Decision::deny(Reason::ResourceNotFound),
            }
        }
    }

    /// This policy for the request that a guard asks for, if it makes a difference: what the guard then asks. By default, this is
    /// `None`. [`EnginePolicy`](crate::EnginePolicy) tells the engine of the request. A policy around another one passes it on.
    fn in_request(&self, asking: &Asking<'_>) -> Option<Self>
    where
        Self: Sized,
    {
        let _ = asking;
        None
    }

    /// How seriously this action on this kind of resource is taken, for this request. By default, this is
    /// [`Mode::Enforce`]. The route table prints what it is when the application starts.
    ///
    /// A refusal that is not enforced, and a failure or a missed deadline of the policy, is noted in the Trail as
    /// what would have been; the resource is handed over all the same, and nobody waits for the policy: it goes on beside the
    /// request if it lets itself be asked [without the resource](Self::decide_detached), and is polled once if not.
    fn mode(&self) -> Mode {
        Mode::Enforce
    }
}

/// Decides as a [`Policy`] does, but may wait: for a relation in a database, for a decision point.
///
/// [`Awaited`] makes a policy of it. Guards wait for as long as [`Resource::DECISION_DEADLINE`] says and answer 503
/// `policy_deadline_exceeded` after that. Where it is not enforced, they do not wait: [`Detached`](crate::Detached) lets it go
/// on beside the request.
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

    /// The same, without holding on to the resource, as [`Policy::decide_detached`] says it. By default, this is `None`:
    /// where the policy is not enforced, it is polled once, and not waited for. [`Detached`](crate::Detached) takes along a
    /// clone of the resource. A policy that says something here for every resource says `false` in
    /// [`waits_with_resource`](Self::waits_with_resource).
    fn decide_detached(&self, caller: &Principal, resource: &R) -> Option<Step<Decision>> {
        let _ = (caller, resource);
        None
    }

    /// Whether it holds on to the resource while it waits, as [`Policy::waits_with_resource`] says it. By default, this is
    /// `true`.
    fn waits_with_resource(&self) -> bool {
        true
    }

    /// Whether requests wait for it also where it is not enforced, as [`Policy::danger_await_unenforced`] says it. By default,
    /// this is `false`.
    ///
    /// # Security
    /// What is only watched then makes responses late. It is better asked beside the request, by
    /// [`Detached`](crate::Detached) or [`decide_detached`](Self::decide_detached).
    fn danger_await_unenforced(&self) -> bool {
        false
    }

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
    const WAITS: bool = true;

    fn decide(&self, caller: &Principal, resource: &R) -> Decision {
        super::deadline::at_once(self.0.decide(caller, resource)).unwrap_or_else(super::steps::nobody_waits)
    }

    fn decide_async(&self, caller: &Principal, resource: &R) -> impl Future<Output = Decision> + Send {
        self.0.decide(caller, resource)
    }

    fn decide_detached(&self, caller: &Principal, resource: &R) -> Option<Step<Decision>> {
        self.0.decide_detached(caller, resource)
    }

    fn waits_with_resource(&self) -> bool {
        self.0.waits_with_resource()
    }

    fn danger_await_unenforced(&self) -> bool {
        self.0.danger_await_unenforced()
    }

    fn mode(&self) -> Mode {
        self.0.mode()
    }
}
