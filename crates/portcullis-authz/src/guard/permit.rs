use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use portcullis_core::{Denial, Principal, ProblemType, Trail};

use super::action::Action;
use super::policy::Policy;
use super::resource::{Load, OnDeny, Resource};
use super::source::Source;
use super::steps::{self, Asked};
use super::target::Target;
use crate::demand::{self, Demand, Demands, Proof};

/// Proof that a policy let the caller do `A` to this resource. Only a [`Guard`](crate::Guard) makes one.
///
/// Functions that must not be reached without a check take a `Permit` or a `&Permit`:
///
/// ```
/// use portcullis_authz::{Delete, Permit};
/// # use portcullis_authz::Read;
///
/// struct Document;
/// fn delete(document: Permit<Delete, Document>) {}
///
/// fn handler(document: Permit<Delete, Document>) { delete(document) }
/// ```
///
/// Forgetting the check does then not compile:
///
/// ```compile_fail,E0308
/// # use portcullis_authz::{Delete, Permit};
/// # use portcullis_authz::Read;
/// # struct Document;
/// # fn delete(document: Permit<Delete, Document>) {}
/// fn handler(document: Document) { delete(document) }
/// ```
///
/// Nor does a permit for another action, and nobody but a guard has a way to make one:
///
/// ```compile_fail,E0308
/// # use portcullis_authz::{Delete, Permit};
/// # use portcullis_authz::Read;
/// # struct Document;
/// # fn delete(document: Permit<Delete, Document>) {}
/// fn handler(document: Permit<Read, Document>) { delete(document) }
/// ```
///
/// ```compile_fail,E0624
/// # use portcullis_authz::{Delete, Permit};
/// # use portcullis_core::Principal;
/// # struct Document;
/// # fn delete(document: Permit<Delete, Document>) {}
/// fn handler(caller: Principal, document: Document) { delete(Permit::new(caller, document)) }
/// ```
///
/// Each permit among a handler's arguments loads for itself: two for one resource load it twice, and may find it changed in
/// between. A handler that does two things with one resource takes the permit for one of them and asks
/// [`also`](Self::also) for the other: what was loaded is loaded once, and both decisions are about the same.
///
/// Changing the resource takes the proof away ([`into_inner`](Self::into_inner)).
#[must_use]
pub struct Permit<A, R> {
    resource: R,
    principal: Principal,
    trail: Trail,
    action: PhantomData<fn() -> A>,
}

impl<A, R> Permit<A, R> {
    pub(super) fn new(principal: Principal, resource: R, trail: Trail) -> Self {
        Self { resource, principal, trail, action: PhantomData }
    }

    /// The caller who may.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Asks about another action on the same resource, which is not loaded again.
    ///
    /// ```
    /// # use portcullis_authz::{Delete, Permit, Policy, Read, Resource};
    /// # use portcullis_core::Denial;
    /// async fn replace<D, P>(document: &Permit<Read, D>, rules: &P) -> Result<(), Denial>
    /// where
    ///     D: Resource,
    ///     P: Policy<Delete, D>,
    /// {
    ///     let old: Permit<Delete, &D> = document.also::<Delete, _>(rules).await?;
    ///     // ..
    /// #   let _ = old;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Guard::authorize_async`](crate::Guard::authorize_async), of a resource that the caller reaches.
    pub async fn also<B, P>(&self, policy: &P) -> Result<Permit<B, &R>, Denial>
    where
        B: Action,
        P: Policy<B, R>,
        R: Resource,
    {
        let target = Target::resource::<B, R>(None);
        let asked = Asked { target, on_deny: R::ON_DENY, deadline: R::DECISION_DEADLINE };
        steps::decide((&self.trail, policy), &self.principal, &self.resource, &asked).await?;
        Ok(Permit::new(self.principal.clone(), &self.resource, self.trail.clone()))
    }

    /// The resource, without the proof.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.resource
    }
}

impl<A, R> Deref for Permit<A, R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.resource
    }
}

impl<A: Action, R: Resource> Demands for Permit<A, R>
where
    R::Store: Load<R>,
{
    fn demands() -> Demand {
        let name = format!("permit({} {}{})", A::NAME, R::kind(), demand::of_the_tenant::<R>());
        Demand::new(name).refusing_with(problems::<R>()).by_policy()
    }
}

/// How a guard of such resources may refuse. What is absent is 404, whether or not the policy hides what is there.
pub(super) fn problems<R: Resource>() -> Vec<ProblemType> {
    let malformed = match R::SOURCE {
        Source::Header(_) | Source::Query(_) => Some(ProblemType::InvalidRequest),
        Source::Path(_) => None,
    };
    let refused = match R::ON_DENY {
        OnDeny::Forbid => Some(ProblemType::Forbidden),
        OnDeny::Hide => None,
    };
    malformed.into_iter().chain(refused).chain([ProblemType::NotFound]).collect()
}

impl<A: Action, R: Resource> Proof for Permit<A, R>
where
    R::Store: Load<R>,
{
    type Action = A;
    type Resource = R;
}

/// Prints who may do what; the resource may hold what does not belong in a log.
impl<A: Action, R> fmt::Debug for Permit<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("action", &A::NAME)
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}
