use std::fmt;
use std::future::{Future, ready};
use std::marker::PhantomData;

use portcullis_core::{Decision, Denial, Mode, Principal, Reason, RequestView, Room};

use super::Filter;
use crate::demand::{self, Demand, Demands};
use crate::guard::action::Action;
use crate::guard::authorize::Guard;
use crate::guard::policy::Policy;
use crate::guard::resource::{Load, Resource};
use crate::guard::target::Target;
use crate::guard::tenant::tenant_of;
use crate::guard::{steps, watched};

/// Decides which resources of a kind a caller may do something to, all at once.
///
/// [`Filtered`] makes a [`Policy`] of it that asks the same filter about each single resource; [`Visible`] hands it to
/// handlers that list. It need not know of tenants: where the store keeps them apart, both are limited to the caller's.
///
/// ```
/// use portcullis_authz::{Field, Filter, Filtered, ListPolicy, Policy, Read};
/// use portcullis_core::{CredentialMethod, Principal};
///
/// struct Document { owner: String }
/// const OWNER: Field<Document, str> = Field::text("owner", |document| Some(&document.owner));
///
/// struct Rules;
///
/// impl ListPolicy<Read, Document> for Rules {
///     fn filter(&self, caller: &Principal) -> Filter<Document> {
///         OWNER.equals(caller.subject()).or(Filter::all_if(caller.has_role("auditor")))
///     }
/// }
///
/// let decide = |caller: &Principal, owner: &str| {
///     let document = Document { owner: owner.into() };
///     Policy::<Read, _>::decide(&Filtered(Rules), caller, &document).is_allowed()
/// };
/// let alice = Principal::builder("alice", CredentialMethod::Jwt).build();
/// assert!(decide(&alice, "alice"));
/// assert!(!decide(&alice, "bob"));
/// let carol = Principal::builder("carol", CredentialMethod::Jwt).role("auditor").build();
/// assert!(decide(&carol, "bob"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no filter for the action `{A}` on `{R}`",
    label = "nothing says what a list of these may show",
    note = "write `impl ListPolicy<{A}, {R}> for {Self}`"
)]
pub trait ListPolicy<A, R>: Send + Sync {
    /// What the caller may do it to.
    fn filter(&self, caller: &Principal) -> Filter<R>;

    /// How seriously it is taken, as [`Policy::mode`] says it. By default, this is [`Mode::Enforce`].
    fn mode(&self) -> Mode {
        Mode::Enforce
    }
}

/// A [`ListPolicy`] as a [`Policy`] of single resources: `type Rules = Filtered<Rules>`.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it is what it wraps")]
pub struct Filtered<P>(pub P);

impl<A, R: 'static, P: ListPolicy<A, R>> Policy<A, R> for Filtered<P> {
    fn decide(&self, caller: &Principal, resource: &R) -> Decision {
        self.0.filter(caller).into_decision(resource)
    }

    fn decide_absent(&self, caller: &Principal, _: Option<&R>) -> impl Future<Output = Decision> + Send {
        ready(self.0.filter(caller).into_absent())
    }

    fn mode(&self) -> Mode {
        self.0.mode()
    }
}

impl<A, R, P: ListPolicy<A, R>> ListPolicy<A, R> for Filtered<P> {
    fn filter(&self, caller: &Principal) -> Filter<R> {
        self.0.filter(caller)
    }

    fn mode(&self) -> Mode {
        self.0.mode()
    }
}

/// What the caller may do `A` to: proof that a policy was asked before something is listed. Only a
/// [`Guard`](crate::Guard) makes one.
///
/// Functions that query take a `&Visible<Read, Document>`, so that no list can forget its filter. As a handler's argument
/// (feature `axum-core-05`) it comes from [`Resource::Rules`] in the application's state.
///
/// It shows nothing that the resource's store would not load for the caller by itself ([`Load::reachable_for`]): over a
/// [`TenantStore`](crate::TenantStore), its filter has the condition that the tenant is the caller's, whatever the policy
/// says, and a caller of no tenant sees nothing. A resource that its store loads within a parent alone
/// ([`LoadWithin`](crate::LoadWithin)) has no list of its own: one within a parent starts from the parent's permit.
#[must_use]
pub struct Visible<A, R> {
    filter: Filter<R>,
    principal: Principal,
    action: PhantomData<fn() -> A>,
}

impl<A, R> Visible<A, R> {
    /// What is visible: what the policy lets through, of what the caller reaches in the store.
    pub const fn filter(&self) -> &Filter<R> {
        &self.filter
    }

    /// The caller.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl<A: Action, R: Resource> Demands for Visible<A, R>
where
    R::Store: Load<R>,
{
    /// It refuses nobody who is known: what a caller may not see is not in the list.
    fn demands() -> Demand {
        let name = format!("visible({} {}{})", A::NAME, R::kind(), demand::of_the_tenant::<R>());
        Demand::new(name).refusing_with([]).by_policy()
    }
}

impl<A: Action, R> fmt::Debug for Visible<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visible")
            .field("action", &A::NAME)
            .field("filter", &self.filter)
            .field("principal", &self.principal)
            .finish()
    }
}

impl<P> Guard<'_, P> {
    /// What the caller may do `A` to, of what they reach in the store at all ([`Load::reachable_for`]). It is noted in the
    /// Trail by its fields, without values. Whoever reaches nothing sees nothing, and the policy is not asked.
    ///
    /// A policy that is not enforced for this request makes everything within reach visible, also if it panics; what it
    /// would have left is noted.
    ///
    /// # Errors
    /// 401 with the challenges of the route, if nobody said who calls; 500 `misconfigured`, if no authentication ran;
    /// 500 `internal_error`, if the filter is too large.
    pub fn visible<A, R>(&self, request: &RequestView<'_>) -> Result<Visible<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        R::Store: Load<R>,
        P: ListPolicy<A, R>,
    {
        let (caller, trail) = (steps::caller(request.trail())?, request.trail());
        let reach = <R::Store as Load<R>>::reachable_for(caller);
        let visible = |filter| Visible { filter, principal: caller.clone(), action: PhantomData };
        let detail = |filter: &Filter<R>| format!("{} {} where {filter}", A::NAME, R::kind());
        if reach.is_nothing() && !reach.is_too_large() {
            let tenant = <R::Store as Load<R>>::TENANTS_APART.map(|_| tenant_of(caller));
            let why =
                if tenant == Some(None) { "the caller is of no tenant" } else { "nothing is within reach" };
            let detail = detail(&reach) + ": " + why;
            trail.decided(Room::Guard, &Decision::allow(Reason::PolicyAllowed).because(detail));
            return Ok(visible(reach));
        }
        if !trail.enforces(self.policy.mode()) {
            let asked = watched::safely(|| {
                let filter = self.policy.filter(caller).within(reach.clone());
                let too_large = filter.is_too_large();
                let reason = if too_large { Reason::InternalError } else { Reason::PolicyDenied };
                Decision::deny(reason).because(detail(&filter))
            });
            let panicked = |why| steps::unenforced(Target::resource::<A, R>(None), &why);
            trail.note(Room::Guard, asked.unwrap_or_else(panicked), false);
            return Ok(visible(reach));
        }
        let filter = self.policy.filter(caller).within(reach);
        let detail = detail(&filter);
        if filter.is_too_large() {
            return Err(steps::noted(trail, Denial::new(Reason::InternalError).explained(detail)));
        }
        trail.decided(Room::Guard, &Decision::allow(Reason::PolicyAllowed).because(detail));
        Ok(visible(filter))
    }
}
