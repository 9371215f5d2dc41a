//! What does not exist, so that nobody can tell it from what is hidden.

use super::policy::Policy;
use super::resource::{OnDeny, Resource};

/// What policies are asked about in place of a resource that does not exist, so that one that is [hidden](OnDeny::Hide) cannot
/// be told from it: not by the policy being asked, and not while what it asks is down. What a database or an engine does with the
/// question is its own: one that looks the resource up by itself may be quicker to find nothing.
///
/// A policy that [waits](crate::Policy::WAITS) about a resource that hides demands it:
///
/// ```
/// use portcullis_authz::{Absent, AsyncPolicy, Awaited, Guard, Load, Read, Resource};
/// use portcullis_core::{
///     Clock, CredentialMethod, Decision, Principal, Reason, RequestView, StoreError, Trail,
/// };
///
/// #[derive(Default)]
/// struct Document { id: u32, team: String }
/// struct Documents;
///
/// impl Resource for Document {
///     type Id = u32;
///     type Store = Documents;
///     type Rules = Awaited<Teams>;
///     const ABSENT: Absent<Self> = Absent::AskedAs(|id| Self { id: *id, ..Self::default() });
/// }
/// # impl Load<Document> for Documents {
/// #     async fn load(&self, id: &u32) -> Result<Option<Document>, StoreError> {
/// #         Ok((*id == 7).then(|| Document { id: 7, team: "sales".into() }))
/// #     }
/// # }
///
/// /// Stands for a database, which is down.
/// struct Teams;
///
/// impl AsyncPolicy<Read, Document> for Teams {
///     async fn decide(&self, _: &Principal, document: &Document) -> Decision {
///         let question = format!("who may read {} of `{}`?", document.id, document.team);
///         Decision::deny(Reason::StoreUnavailable).because(question)
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut request = http::Request::new(());
/// let alice = Principal::builder("alice", CredentialMethod::Jwt).build();
/// Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice).unwrap();
/// let (view, policy) = (RequestView::of(&request)?, Awaited(Teams));
///
/// // 7 exists and 8 does not: nobody can tell.
/// for id in ["7", "8"] {
///     let guard = Guard::new(&policy);
///     let refused = guard.load_and_authorize::<Read, Document>(&view, &Documents, id).await.map(drop);
///     assert_eq!(refused.unwrap_err().status(), 503);
/// }
/// # Ok::<(), portcullis_core::Denial>(())
/// # }).unwrap();
/// ```
///
/// Without it, what calls the guard is not built (`cargo check` does not look):
///
/// ```compile_fail,E0080
/// # use portcullis_authz::{AsyncPolicy, Awaited, Guard, Load, Read, Resource};
/// # use portcullis_core::{Clock, Decision, Denial, Principal, Reason, RequestView, StoreError, Trail};
/// # struct Document;
/// # struct Documents;
/// # struct Teams;
/// # impl Load<Document> for Documents {
/// #     async fn load(&self, _: &u32) -> Result<Option<Document>, StoreError> { Ok(None) }
/// # }
/// # impl AsyncPolicy<Read, Document> for Teams {
/// #     async fn decide(&self, _: &Principal, _: &Document) -> Decision { Decision::deny(Reason::PolicyDenied) }
/// # }
/// impl Resource for Document {
///     type Id = u32;
///     type Store = Documents;
///     type Rules = Awaited<Teams>;
/// }
/// # let mut request = http::Request::new(());
/// # Trail::ensure(request.extensions_mut(), &Clock::system());
/// # let view = RequestView::of(&request).unwrap();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let permit = Guard::new(&Awaited(Teams)).from_path::<Read, Document>(&view, &Documents).await?;
/// # Ok::<(), Denial>(())
/// # });
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Absent<R: Resource> {
    /// Nothing was said. A guard that loads and whose policy [waits](crate::Policy::WAITS) is not built where the resource
    /// [hides](OnDeny::Hide).
    Unsaid,
    /// What this makes of the identifier stands in for it. The policy is asked as about any other, within the same deadline. A failure is
    /// answered as for a resource that is there; else the answer is 404, whatever the policy says: nothing of the stand-in
    /// reaches a handler.
    ///
    /// Let it look as usual resources do, belonging to nobody: with an identifier that the engine takes (where it is empty, an
    /// [`EnginePolicy`](crate::EnginePolicy) says what the client wrote), each attribute that policies read in a form that
    /// they take, and an owner and a tenant that no caller has. Where everything that does not exist is 503, the engine cannot
    /// decide about it: the event says why.
    AskedAs(fn(&R::Id) -> R),
    /// No policy that waits is asked.
    ///
    /// # Security
    /// What is hidden can be told from what does not exist: by the time that the policy takes, and by 503 in place of 404 while what it
    /// asks is down. Let identifiers be such that nobody gains by that.
    DangerUnasked,
}

/// What stands in for a resource that was looked for.
pub(super) enum StandIn<'m, R: Resource, P> {
    Unsaid,
    Unasked,
    Of(fn(&R::Id) -> R, &'m R::Id),
    Within(fn(&P, &R::Id) -> R, &'m P, &'m R::Id),
}

impl<'m, R: Resource, P> StandIn<'m, R, P> {
    pub(super) const fn of(id: &'m R::Id) -> Self {
        match R::ABSENT {
            Absent::Unsaid => Self::Unsaid,
            Absent::DangerUnasked => Self::Unasked,
            Absent::AskedAs(make) => Self::Of(make, id),
        }
    }

    pub(super) const fn is_unsaid(&self) -> bool {
        matches!(self, Self::Unsaid)
    }

    pub(super) fn make(&self) -> Option<R> {
        match self {
            Self::Unsaid | Self::Unasked => None,
            Self::Of(make, id) => Some(make(id)),
            Self::Within(make, parent, id) => Some(make(parent, id)),
        }
    }
}

/// Stops the build where a resource hides, its policy waits, and nobody said what is asked in its place.
pub(super) const fn demand_stand_in<A, R: Resource, P: Policy<A, R>>(is_said: bool) {
    assert!(
        !P::WAITS || matches!(R::ON_DENY, OnDeny::Forbid) || is_said,
        "this resource hides, and its policy waits: the time it takes would tell what exists; say what stands in for one that \
         does not, `const ABSENT: Absent<Self> = Absent::AskedAs(|id| ..)`, or `const ON_DENY: OnDeny = OnDeny::Forbid`"
    );
}
