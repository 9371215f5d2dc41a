//! The first argument of a handler that carries its rule in its type.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;
use portcullis_core::{Denial, RequestView};
use portcullis_stack::RoutePolicy;

/// What a handler demands, as a type: the parameter of [`Authorized`].
///
/// `#[authorize(..)]` writes one for each handler. By hand, it is
///
/// ```
/// use std::sync::LazyLock;
///
/// use portcullis_authz::scope;
/// use portcullis_axum::{Annotation, Authorized, Routes, post};
/// use portcullis_stack::RoutePolicy;
///
/// struct Writes;
///
/// impl Annotation for Writes {
///     fn policy() -> &'static RoutePolicy {
///         static POLICY: LazyLock<RoutePolicy> = LazyLock::new(|| RoutePolicy::requires(scope("documents:write")));
///         &POLICY
///     }
/// }
///
/// async fn create(_: Authorized<Writes>) {}
///
/// // No `.requires(..)`: the handler says it.
/// let routes: Routes = Routes::new().route("/documents", post(create));
/// ```
pub trait Annotation: Send + Sync + 'static {
    /// The rule, or the reason to be public, and the schemes. It must be the same value whenever it is asked.
    fn policy() -> &'static RoutePolicy;
}

/// Says that the caller satisfies the rule of the annotation; the first argument of a handler.
///
/// - On [`Routes`](crate::Routes), the rule is part of the handler's type: the route needs no `.requires(..)`, the
///   route table shows the rule, and the gate enforces it before any extractor runs. This argument then only takes the
///   gate's word.
/// - On a plain axum router, this argument asks the rule itself. As the first one, it does so before any other argument is
///   extracted and before the body is read.
///
/// It refuses as [`RoutePolicy::decide`] does. Where no Portcullis layer stands around the handler it is 500
/// `misconfigured`, unless the annotation is public.
pub struct Authorized<N>(PhantomData<fn() -> N>);

impl<N: Annotation, S: Sync> FromRequestParts<S> for Authorized<N> {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        let policy = N::policy();
        match RequestView::of_parts(parts) {
            Ok(request) if request.trail().takes_upheld(policy) => {}
            Ok(request) => policy.decide(&request)?,
            Err(denial) => {
                CarriedPolicy::answer(&parts.extensions, policy);
                if policy.public_reason().is_none() {
                    return Err(denial);
                }
            }
        }
        Ok(Self(PhantomData))
    }
}

impl<N> fmt::Debug for Authorized<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorized")
    }
}

/// Where the first argument leaves the policy that the handler carries, when it is asked at start. See
/// [`Inquiry`](portcullis_authz::Inquiry).
#[derive(Clone, Debug, Default)]
pub(crate) struct CarriedPolicy(Arc<OnceLock<&'static RoutePolicy>>);

impl CarriedPolicy {
    pub(crate) fn answered(&self) -> Option<&'static RoutePolicy> {
        self.0.get().copied()
    }

    fn answer(extensions: &Extensions, policy: &'static RoutePolicy) {
        if let Some(asked) = extensions.get::<Self>() {
            // A second one is joined to nothing, but it asks for itself: only the first takes the gate's word.
            let _ = asked.0.set(policy);
        }
    }
}
