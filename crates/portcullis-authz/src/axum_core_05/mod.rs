//! The extractor traits of axum-core 0.5, beside the types as the orphan rule wants it.

use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use portcullis_core::{Denial, RequestView};

use crate::{
    Action, ChildOf, Demand, Demands, Guard, Inquiry, ListPolicy, Load, LoadWithin, Permit, PermitWithin,
    Policy, Resource, ScopeSet, Scoped, Visible,
};

/// Loads the resource that the request names from the store in the application's state, and asks the policy in the
/// state. For a path parameter the router must leave [`PathParameters`](crate::PathParameters); `portcullis-axum` does.
impl<A, R, S> FromRequestParts<S> for Permit<A, R>
where
    A: Action,
    R: Resource,
    R::Store: Load<R> + FromRef<S>,
    R::Rules: FromRef<S> + Policy<A, R>,
    S: Send + Sync,
{
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        let request = view(parts, || Self::demands().asking::<A, R>(&R::Rules::from_ref(state)))?;
        let (store, rules) = (R::Store::from_ref(state), R::Rules::from_ref(state));
        Guard::new(&rules).from_request(&request, &store).await
    }
}

/// Loads the parent, asks whether the caller may go through it, loads the child within it, and asks about the child.
impl<A, R, P, S> FromRequestParts<S> for PermitWithin<A, R, P>
where
    A: Action,
    P: Resource,
    P::Store: Load<P> + FromRef<S>,
    P::Rules: FromRef<S> + Policy<R::Through, P>,
    R: ChildOf<P>,
    R::Store: LoadWithin<P, R> + FromRef<S>,
    R::Rules: FromRef<S> + Policy<A, R>,
    S: Send + Sync,
{
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        view(parts, || {
            let parent = Permit::<R::Through, P>::demands();
            let parent = parent.asking::<R::Through, P>(&P::Rules::from_ref(state));
            Self::demands().within(parent).asking::<A, R>(&R::Rules::from_ref(state))
        })?;
        let parent = Permit::<R::Through, P>::from_request_parts(parts, state).await?;
        let (store, rules) = (R::Store::from_ref(state), R::Rules::from_ref(state));
        Guard::new(&rules).within(&RequestView::of_parts(parts)?, parent, &store).await
    }
}

/// Asks the policy in the application's state what a list may show, of what the caller reaches in the resource's store.
impl<A, R, S> FromRequestParts<S> for Visible<A, R>
where
    A: Action,
    R: Resource,
    R::Store: Load<R>,
    R::Rules: FromRef<S> + ListPolicy<A, R>,
    S: Send + Sync,
{
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        let rules = R::Rules::from_ref(state);
        let request = view(parts, || Self::demands().in_mode(rules.mode()))?;
        Guard::new(&rules).visible(&request)
    }
}

/// Checks the caller's scopes.
impl<C: ScopeSet, S: Sync> FromRequestParts<S> for Scoped<C> {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        Self::check(&view(parts, Self::demands)?)
    }
}

/// The request as a guard sees it. Where there is no Trail, it may be that somebody asks what the handler demands.
fn view(parts: &Parts, demand: impl FnOnce() -> Demand) -> Result<RequestView<'_>, Denial> {
    RequestView::of_parts(parts).inspect_err(|_| Inquiry::answer_with(&parts.extensions, demand))
}

#[cfg(test)]
mod tests;
