use std::fmt;
use std::time::Duration;

use portcullis_core::{Denial, Principal, Reason, RequestView, Trail};

use super::absent::{Absent, StandIn, demand_stand_in};
use super::action::Action;
use super::path_parameters::PathParameters;
use super::permit::Permit;
use super::policy::Policy;
use super::resource::{DEFAULT_DECISION_DEADLINE, Load, OnDeny, Resource};
use super::source::Source;
use super::steps::{self, Asked, Missing};
use super::target::Target;

/// Asks a policy, and makes a [`Permit`] if it allows. See the crate's docs for how it decides.
pub struct Guard<'p, P> {
    pub(super) policy: &'p P,
    pub(super) decision_deadline: Option<Duration>,
    pub(super) load_deadline: Option<Duration>,
    any_tenant: bool,
}

impl<'p, P> Guard<'p, P> {
    /// A guard that asks this policy.
    #[must_use]
    pub const fn new(policy: &'p P) -> Self {
        Self { policy, decision_deadline: None, load_deadline: None, any_tenant: false }
    }

    /// Waits for the policy no longer than that. By default, this is [`Resource::DECISION_DEADLINE`], and
    /// [`DEFAULT_DECISION_DEADLINE`] for a value that came with the request.
    #[must_use]
    pub const fn with_decision_deadline(self, deadline: Duration) -> Self {
        Self { decision_deadline: Some(deadline), ..self }
    }

    /// Waits for the store no longer than that. By default, this is [`Resource::LOAD_DEADLINE`].
    #[must_use]
    pub const fn with_load_deadline(self, deadline: Duration) -> Self {
        Self { load_deadline: Some(deadline), ..self }
    }

    /// Asks also about a resource that was loaded by other means and that the caller does not reach in its store
    /// ([`authorize`](Self::authorize)). What the guard loads is kept to the caller's reach all the same.
    ///
    /// # Security
    /// The policy alone then keeps tenants apart: leave it to operators who may see all.
    #[must_use]
    pub const fn danger_any_tenant(self) -> Self {
        Self { any_tenant: true, ..self }
    }

    /// Loads the resource that the request names where [`Resource::SOURCE`] says, and asks the policy.
    ///
    /// # Errors
    /// As [`Source::identifier`] and [`load_and_authorize`](Self::load_and_authorize).
    pub async fn from_request<A, R>(
        &self,
        request: &RequestView<'_>,
        store: &R::Store,
    ) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        R::Store: Load<R>,
        P: Policy<A, R>,
    {
        self.by_source(R::SOURCE, request, store).await
    }

    /// Loads the resource that the route's path parameter [`Resource::PARAM`] names, and asks the policy.
    ///
    /// # Errors
    /// 500 `misconfigured` if the route has no such parameter ([`PathParameters`](crate::PathParameters)), else as
    /// [`load_and_authorize`](Self::load_and_authorize).
    pub async fn from_path<A, R>(
        &self,
        request: &RequestView<'_>,
        store: &R::Store,
    ) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        R::Store: Load<R>,
        P: Policy<A, R>,
    {
        self.by_source(Source::Path(R::PARAM), request, store).await
    }

    async fn by_source<A, R>(
        &self,
        source: Source,
        request: &RequestView<'_>,
        store: &R::Store,
    ) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        R::Store: Load<R>,
        P: Policy<A, R>,
    {
        steps::caller(request.trail())?;
        let id = source.identifier(request).map_err(|denial| steps::noted(request.trail(), denial))?;
        self.load_target(request.trail(), store, &id, source.parameter(request)).await
    }

    /// Loads the resource of that identifier, as the client wrote it, and asks the policy.
    ///
    /// Nothing is loaded for a caller who is not known.
    ///
    /// # Errors
    /// - 404 if the identifier does not parse, is longer than [`MAX_IDENTIFIER`](crate::MAX_IDENTIFIER), nothing has
    ///   it, or the policy refuses and the resource hides: the same answer for all four,
    /// - 503 `store_unavailable` if the store failed, `store_deadline_exceeded` if it was late,
    /// - else as [`authorize_async`](Self::authorize_async).
    pub async fn load_and_authorize<A, R>(
        &self,
        request: &RequestView<'_>,
        store: &R::Store,
        id: &str,
    ) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        R::Store: Load<R>,
        P: Policy<A, R>,
    {
        self.load_target(request.trail(), store, id, None).await
    }

    async fn load_target<A, R>(
        &self,
        trail: &Trail,
        store: &R::Store,
        id: &str,
        parameter: Option<(&PathParameters, usize)>,
    ) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        R::Store: Load<R>,
        P: Policy<A, R>,
    {
        let caller = steps::caller(trail)?;
        let target = Target::resource::<A, R>(Some(id)).of_parameter(parameter);
        let parsed = steps::parsed::<R>(trail, target, id)?;
        let deadline = self.load_deadline.unwrap_or(R::LOAD_DEADLINE);
        let tenant = <R::Store as Load<R>>::TENANTS_APART.map(|_| caller);
        let found = steps::loaded(trail, target, deadline, store.load_for(caller, &parsed)).await?;
        const { demand_stand_in::<A, R, P>(!matches!(R::ABSENT, Absent::Unsaid)) }
        let missing = Missing { stand_in: StandIn::<R, ()>::of(&parsed), tenant };
        self.ask_about_found(trail, caller, found, &missing, target).await
    }

    /// Asks the policy about a resource that was loaded by other means. What the caller would not reach in the store
    /// ([`Load::reachable_for`]), such as a resource of another tenant, is absent here too.
    ///
    /// # Errors
    /// - 404, if the caller does not reach it, unless [`danger_any_tenant`](Self::danger_any_tenant) is said,
    /// - 401 with the challenges of the route, if nobody said who calls,
    /// - 404 or 403, if the policy refuses, as [`Resource::ON_DENY`] says,
    /// - 500 `misconfigured`, if no authentication ran, or the policy has to wait,
    /// - the failure that the policy named, if it failed.
    pub fn authorize<A, R>(&self, request: &RequestView<'_>, resource: R) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        R::Store: Load<R>,
        P: Policy<A, R>,
    {
        let caller = self.reached::<A, R>(request.trail(), &resource)?;
        self.ask_now((caller, request.trail()), resource, Target::resource::<A, R>(None), R::ON_DENY)
    }

    /// The same, for policies that may wait.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize), with 503 `policy_deadline_exceeded` if the policy was late.
    pub async fn authorize_async<A, R>(
        &self,
        request: &RequestView<'_>,
        resource: R,
    ) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        R::Store: Load<R>,
        P: Policy<A, R>,
    {
        let (caller, target) =
            (self.reached::<A, R>(request.trail(), &resource)?, Target::resource::<A, R>(None));
        self.ask((caller, request.trail()), resource, target, R::ON_DENY, R::DECISION_DEADLINE).await
    }

    /// Asks the policy about a value that came with the request, such as a resource to create. There is nothing
    /// to hide, so a refusal is a 403.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize), with 403 in place of 404.
    pub fn check<A, R>(&self, request: &RequestView<'_>, value: R) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        P: Policy<A, R>,
    {
        let trail = request.trail();
        self.ask_now((steps::caller(trail)?, trail), value, Target::value::<A>(), OnDeny::Forbid)
    }

    /// The same, for policies that may wait.
    ///
    /// # Errors
    /// As [`check`](Self::check), with 503 `policy_deadline_exceeded` if the policy was late.
    pub async fn check_async<A, R>(&self, request: &RequestView<'_>, value: R) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        P: Policy<A, R>,
    {
        let asking = (steps::caller(request.trail())?, request.trail());
        self.ask(asking, value, Target::value::<A>(), OnDeny::Forbid, DEFAULT_DECISION_DEADLINE).await
    }

    /// What the store would not load for the caller is not there.
    #[inline]
    fn reached<'t, A, R>(&self, trail: &'t Trail, resource: &R) -> Result<&'t Principal, Denial>
    where
        A: Action,
        R: Resource,
        R::Store: Load<R>,
    {
        let caller = steps::caller(trail)?;
        let reach = <R::Store as Load<R>>::reachable_for(caller);
        // What everybody reaches is known to the compiler.
        if reach.is_all() || self.any_tenant || reach.matches(resource) {
            return Ok(caller);
        }
        if reach.is_too_large() {
            let denial = Denial::new(Reason::InternalError).explained("the caller's reach is too large");
            return Err(steps::noted(trail, denial));
        }
        let tenant = <R::Store as Load<R>>::TENANTS_APART.map(|_| caller);
        Err(steps::not_reached(trail, Target::resource::<A, R>(None), tenant))
    }

    pub(super) async fn ask<A, R>(
        &self,
        (caller, trail): (&Principal, &Trail),
        resource: R,
        target: Target<'_>,
        on_deny: OnDeny,
        deadline: Duration,
    ) -> Result<Permit<A, R>, Denial>
    where
        P: Policy<A, R>,
    {
        let asked = Asked { target, on_deny, deadline: self.decision_deadline.unwrap_or(deadline) };
        steps::decide((trail, self.policy), caller, &resource, &asked).await?;
        Ok(Permit::new(caller.clone(), resource, trail.clone()))
    }

    /// The same about what was found, or about what was not.
    pub(super) async fn ask_about_found<A, R, Parent>(
        &self,
        trail: &Trail,
        caller: &Principal,
        found: Option<R>,
        missing: &Missing<'_, R, Parent>,
        target: Target<'_>,
    ) -> Result<Permit<A, R>, Denial>
    where
        R: Resource,
        P: Policy<A, R>,
    {
        let deadline = self.decision_deadline.unwrap_or(R::DECISION_DEADLINE);
        let asked = Asked { target, on_deny: R::ON_DENY, deadline };
        let resource = steps::decide_found((trail, self.policy), caller, found, missing, &asked).await?;
        Ok(Permit::new(caller.clone(), resource, trail.clone()))
    }

    fn ask_now<A, R>(
        &self,
        (caller, trail): (&Principal, &Trail),
        resource: R,
        target: Target<'_>,
        on_deny: OnDeny,
    ) -> Result<Permit<A, R>, Denial>
    where
        P: Policy<A, R>,
    {
        let deadline = self.decision_deadline.unwrap_or(DEFAULT_DECISION_DEADLINE);
        steps::decide_now((trail, self.policy), caller, &resource, &Asked { target, on_deny, deadline })?;
        Ok(Permit::new(caller.clone(), resource, trail.clone()))
    }
}

impl<P> Clone for Guard<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Guard<'_, P> {}

impl<P> fmt::Debug for Guard<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard(..)")
    }
}
