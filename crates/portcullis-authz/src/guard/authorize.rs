use std::fmt;

use portcullis_core::{Authentication, Decision, Denial, Principal, Reason, RequestView, Room, Scopes};

use super::action::Action;
use super::path_parameters::PathParameters;
use super::permit::Permit;
use super::policy::Policy;
use super::resource::{Load, OnDeny, Resource};
use super::target::Target;
use crate::refusal;

/// Asks a policy, and makes a [`Permit`] if it allows. See the crate's docs for how it decides.
pub struct Guard<'p, P>(&'p P);

impl<'p, P> Guard<'p, P> {
    /// A guard that asks this policy.
    #[must_use]
    pub const fn new(policy: &'p P) -> Self {
        Self(policy)
    }

    /// Loads the resource that the route's path parameter names, and asks the policy.
    ///
    /// # Errors
    /// 500 `misconfigured` if the route has no such parameter ([`PathParameters`]), else as
    /// [`load_and_authorize`](Self::load_and_authorize).
    pub async fn from_path<A, R>(
        &self,
        request: &RequestView<'_>,
        store: &R::Store,
    ) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        P: Policy<A, R>,
    {
        caller(request)?;
        let id = PathParameters::of(request, R::PARAM).inspect_err(|denial| noted(request, denial))?;
        self.load_and_authorize(request, store, id).await
    }

    /// Loads the resource of that identifier, as the client wrote it, and asks the policy.
    ///
    /// Nothing is loaded for a caller who is not known.
    ///
    /// # Errors
    /// - 404 if the identifier does not parse, nothing has it, or the policy refuses and the resource hides: the
    ///   same answer for all three,
    /// - 503 `store_unavailable` if the store failed,
    /// - else as [`authorize`](Self::authorize).
    pub async fn load_and_authorize<A, R>(
        &self,
        request: &RequestView<'_>,
        store: &R::Store,
        id: &str,
    ) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        P: Policy<A, R>,
    {
        let caller = caller(request)?;
        let target = Target::resource::<A, R>(Some(id));
        let Ok(parsed) = id.parse::<R::Id>() else {
            return Err(absent(request, format!("{target}: the identifier does not parse")));
        };
        match store.load(&parsed).await {
            Ok(Some(resource)) => self.ask(request, caller, resource, target, R::ON_DENY),
            Ok(None) => Err(absent(request, target.to_string())),
            Err(error) => {
                let denial = error.into_denial(Reason::StoreUnavailable).explained(target.to_string());
                noted(request, &denial);
                Err(denial)
            }
        }
    }

    /// Asks the policy about a resource that was loaded by other means.
    ///
    /// # Errors
    /// - 401 with the challenges of the route, if nobody said who calls,
    /// - 404 or 403, if the policy refuses, as [`Resource::ON_DENY`] says,
    /// - 500 `misconfigured`, if no authentication ran,
    /// - the failure that the policy named, if it failed.
    pub fn authorize<A, R>(&self, request: &RequestView<'_>, resource: R) -> Result<Permit<A, R>, Denial>
    where
        A: Action,
        R: Resource,
        P: Policy<A, R>,
    {
        self.ask(request, caller(request)?, resource, Target::resource::<A, R>(None), R::ON_DENY)
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
        self.ask(request, caller(request)?, value, Target::value::<A>(), OnDeny::Forbid)
    }

    fn ask<A, R>(
        &self,
        request: &RequestView<'_>,
        caller: &Principal,
        resource: R,
        target: Target<'_>,
        on_deny: OnDeny,
    ) -> Result<Permit<A, R>, Denial>
    where
        P: Policy<A, R>,
    {
        let decision = self.0.decide(caller, &resource);
        if !decision.is_allowed() {
            return Err(deny(request, target, &decision, on_deny));
        }
        let detail = target.detail(&decision);
        request.trail().decided(Room::Guard, &Decision::allow(decision.reason()).because(detail));
        Ok(Permit::new(caller.clone(), resource))
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

fn caller<'a>(request: &RequestView<'a>) -> Result<&'a Principal, Denial> {
    let denial = match request.trail().authentication() {
        Authentication::Known(caller) => return Ok(caller),
        Authentication::Anonymous => {
            refusal::with_challenges(request, Denial::new(Reason::MissingCredentials), &Scopes::EMPTY)
        }
        Authentication::NotAsked => Denial::misconfigured(
            "a guard asks for the caller, but no authentication ran: the route is public",
        ),
    };
    noted(request, &denial);
    Err(denial)
}

fn deny(request: &RequestView<'_>, target: Target<'_>, decision: &Decision, on_deny: OnDeny) -> Denial {
    let reason = decision.reason();
    let answered = match reason.problem() {
        // A refusal that gives a reason to allow is a mistake of the policy.
        None => Reason::InternalError,
        // A failure is no refusal; it is not hidden behind one either.
        Some(problem) if problem.status().is_server_error() => reason,
        Some(_) if on_deny == OnDeny::Hide => Reason::ResourceHidden,
        Some(_) => reason,
    };
    let denial = Denial::new(answered).explained(target.detail(decision));
    noted(request, &denial);
    refusal::with_challenges(request, denial, &Scopes::EMPTY)
}

/// Must stay the same answer as a hidden resource.
fn absent(request: &RequestView<'_>, detail: String) -> Denial {
    let denial = Denial::new(Reason::ResourceNotFound).explained(detail);
    noted(request, &denial);
    denial
}

fn noted(request: &RequestView<'_>, denial: &Denial) {
    request.trail().denied(Room::Guard, denial);
}
