//! Policies that wait, but not where they only watch.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use portcullis_core::{Decision, Mode, Principal, Step};

use super::policy::{AsyncPolicy, Awaited, Policy};

/// An [`AsyncPolicy`] as a [`Policy`] that decides also where no request waits for it: `type Rules = Detached<Shares>`.
///
/// Where it is enforced, it is [`Awaited`]. Where it is not, it goes on: it is asked about a clone of the resource beside the request,
/// for as long as the guard's deadline says; what it says after the response is told to the audit by itself.
/// [`MAX_WATCHED_POLICIES`](crate::MAX_WATCHED_POLICIES) of a process are asked so at once, whoever calls: let the
/// pool of connections that they share with what is enforced have more. See [`Policy::decide_detached`], which a policy
/// may also implement for itself, to take along less than the whole resource.
///
/// ```
/// use portcullis_authz::{AsyncPolicy, Detached, Guard, Read};
/// use portcullis_core::{Clock, CredentialMethod, Decision, Mode, Principal, RequestView, Trail};
///
/// #[derive(Clone)]
/// struct Document { id: u32 }
///
/// /// Stands for a database that does not answer.
/// struct Shares(Mode);
///
/// impl AsyncPolicy<Read, Document> for Shares {
///     async fn decide(&self, _: &Principal, _: &Document) -> Decision {
///         std::future::pending().await
///     }
///     fn mode(&self) -> Mode {
///         self.0
///     }
/// }
///
/// let mut request = http::Request::new(());
/// let alice = Principal::builder("alice", CredentialMethod::Jwt).build();
/// Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice).unwrap();
/// let view = RequestView::of(&request)?;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// // Watched: she does not wait for it.
/// let watched = Detached::new(Shares(Mode::Shadow));
/// let permit = Guard::new(&watched).check::<Read, _>(&view, Document { id: 7 })?;
/// assert_eq!(permit.id, 7);
///
/// // Refused, where it is enforced: this way to ask waits for nobody.
/// let enforced = Detached::new(Shares(Mode::Enforce));
/// let refused = Guard::new(&enforced).check::<Read, _>(&view, Document { id: 7 }).map(drop);
/// assert_eq!(refused.unwrap_err().status(), 500);
/// # Ok::<(), portcullis_core::Denial>(())
/// # }).unwrap();
/// # Ok::<(), portcullis_core::Denial>(())
/// ```
pub struct Detached<P>(Arc<Awaited<P>>);

impl<P> Detached<P> {
    /// The policy, to be shared with what goes on beside requests.
    #[must_use]
    pub fn new(policy: P) -> Self {
        Self(Arc::new(Awaited(policy)))
    }
}

impl<A, R, P> Policy<A, R> for Detached<P>
where
    A: 'static,
    R: Clone + Send + Sync + 'static,
    P: AsyncPolicy<A, R> + 'static,
{
    const WAITS: bool = true;

    fn decide(&self, caller: &Principal, resource: &R) -> Decision {
        Policy::<A, R>::decide(&*self.0, caller, resource)
    }

    fn decide_async(&self, caller: &Principal, resource: &R) -> impl Future<Output = Decision> + Send {
        Policy::<A, R>::decide_async(&*self.0, caller, resource)
    }

    fn decide_detached(&self, caller: &Principal, resource: &R) -> Option<Step<Decision>> {
        Policy::<A, R>::decide_detached(&*self.0, caller, resource).or_else(|| {
            let (policy, caller, resource) = (Arc::clone(&self.0), caller.clone(), resource.clone());
            Some(Step::wait(async move { policy.0.decide(&caller, &resource).await }))
        })
    }

    fn mode(&self) -> Mode {
        Policy::<A, R>::mode(&*self.0)
    }
}

impl<P> Clone for Detached<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: fmt::Debug> fmt::Debug for Detached<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Detached").field(&self.0.0).finish()
    }
}
