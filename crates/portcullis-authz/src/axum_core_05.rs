//! The extractor traits of axum-core 0.5, beside the types as the orphan rule wants it.

use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use portcullis_core::{Denial, RequestView};

use crate::{Action, Guard, Permit, Policy, Resource, ScopeSet, Scoped};

/// Loads the resource that the path names from the store in the application's state, and asks the policy in the
/// state. The router must leave [`PathParameters`](crate::PathParameters); `portcullis-axum` does.
impl<A, R, S> FromRequestParts<S> for Permit<A, R>
where
    A: Action,
    R: Resource,
    R::Store: FromRef<S>,
    R::Rules: FromRef<S> + Policy<A, R>,
    S: Send + Sync,
{
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        let (store, rules) = (R::Store::from_ref(state), R::Rules::from_ref(state));
        Guard::new(&rules).from_path(&RequestView::of_parts(parts)?, &store).await
    }
}

/// Checks the caller's scopes.
impl<C: ScopeSet, S: Sync> FromRequestParts<S> for Scoped<C> {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        Self::check(&RequestView::of_parts(parts)?)
    }
}

#[cfg(test)]
mod tests;
