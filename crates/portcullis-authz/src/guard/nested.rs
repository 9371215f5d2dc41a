//! Resources that lie within another one.

use std::fmt;
use std::future::Future;
use std::ops::Deref;

use portcullis_core::{Denial, Principal, RequestView, StoreError};

use super::absent::{Absent, StandIn, demand_stand_in};
use super::action::Action;
use super::authorize::Guard;
use super::permit::{Permit, problems};
use super::policy::Policy;
use super::resource::{Load, Resource};
use super::steps::{self, Missing};
use super::target::Target;
use crate::demand::{self, Demand, Demands, Proof};

/// A resource that lies within a parent: a task of a project, as in `/projects/{project}/tasks/{task}`.
///
/// It is loaded through its parent by [`LoadWithin`], so that a task of another project is absent. A store that has no
/// [`Load`](crate::Load) for it cannot be asked for it without the parent.
pub trait ChildOf<P: Resource>: Resource {
    /// What the caller must be allowed to do to the parent, whatever it is that they do to the child.
    type Through: Action;

    /// What policies are asked about in place of a child that does not exist within this parent, as
    /// [`Resource::ABSENT`] says it: for children of which policies see something of the parent. By default, this is `None`: what
    /// `ABSENT` says.
    const ABSENT_WITHIN: Option<fn(&P, &Self::Id) -> Self> = None;
}

/// Loads resources by their identifiers within a parent that the caller may see.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot load `{R}` within `{P}`",
    note = "write `impl LoadWithin<{P}, {R}> for {Self}`; `load_within` may be an `async fn`"
)]
pub trait LoadWithin<P, R: Resource>: Send + Sync + 'static {
    /// The resource, or `None` if the parent has none of that identifier.
    fn load_within(
        &self,
        parent: &P,
        id: &R::Id,
    ) -> impl Future<Output = Result<Option<R>, StoreError>> + Send;

    /// The resource as far as this caller may load anything at all; it is what guards call. By default, the caller makes no
    /// difference. A [`TenantStore`](crate::TenantStore) loads nothing within a parent of another tenant.
    fn load_within_for(
        &self,
        caller: &Principal,
        parent: &P,
        id: &R::Id,
    ) -> impl Future<Output = Result<Option<R>, StoreError>> + Send {
        let _ = caller;
        self.load_within(parent, id)
    }
}

/// A [`Permit`] for a resource and the one for the parent that it was loaded within.
///
/// As a handler's argument (feature `axum-core-05`) it loads the parent, asks whether the caller may go through it, loads
/// the child within it and asks about the child. A parent that is refused hides the child as it hides itself.
///
/// ```
/// use portcullis_authz::{ChildOf, Guard, Load, LoadWithin, PermitWithin, Policy, Read, Resource, Source};
/// use portcullis_core::{Clock, CredentialMethod, Decision, Denial, Principal, Reason, RequestView, StoreError, Trail};
///
/// struct Project { id: u32 }
/// struct Task { done: bool }
/// struct Work;
/// struct Rules;
///
/// impl Resource for Project {
///     type Id = u32;
///     type Store = Work;
///     type Rules = Rules;
///     const SOURCE: Source = Source::Query("project");
/// }
/// impl Resource for Task {
///     type Id = u32;
///     type Store = Work;
///     type Rules = Rules;
///     const SOURCE: Source = Source::Query("task");
/// }
/// impl ChildOf<Project> for Task {
///     type Through = Read; // what a caller must be allowed to do to the project
/// }
/// impl Load<Project> for Work {
///     async fn load(&self, id: &u32) -> Result<Option<Project>, StoreError> {
///         Ok((*id < 10).then_some(Project { id: *id }))
///     }
/// }
/// impl LoadWithin<Project, Task> for Work {
///     async fn load_within(&self, project: &Project, id: &u32) -> Result<Option<Task>, StoreError> {
///         Ok((*id / 10 == project.id).then_some(Task { done: *id % 2 == 0 })) // task 71 is one of project 7
///     }
/// }
/// impl Policy<Read, Project> for Rules {
///     fn decide(&self, _: &Principal, project: &Project) -> Decision {
///         Decision::allow_if(project.id == 7, Reason::PolicyDenied)
///     }
/// }
/// impl Policy<Read, Task> for Rules {
///     fn decide(&self, caller: &Principal, task: &Task) -> Decision {
///         Decision::allow_if(!task.done || caller.has_role("auditor"), Reason::PolicyDenied)
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let ask = async |query: &str| {
///     let mut request = http::Request::get(format!("/task?{query}")).body(()).unwrap();
///     let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
///     trail.authenticated(Principal::builder("alice", CredentialMethod::Jwt).build()).unwrap();
///     let (view, guard) = (RequestView::of(&request)?, Guard::new(&Rules));
///     let project = guard.from_request::<Read, Project>(&view, &Work).await?;
///     let task: PermitWithin<Read, Task, Project> = guard.within(&view, project, &Work).await?;
///     Ok::<_, Denial>((task.parent().id, task.done))
/// };
/// assert_eq!(ask("project=7&task=71").await.unwrap(), (7, false));
/// // Refused, all with the same answer: a task that she may not read, one of another project, a project that she may
/// // not go through.
/// for refused in ["project=7&task=72", "project=7&task=81", "project=8&task=81"] {
///     assert_eq!(ask(refused).await.unwrap_err().status(), 404, "{refused}");
/// }
/// # });
/// ```
///
/// It is one level deep, with a parent that is loaded by itself. Deeper, a [`Guard`] goes from the outside in, each permit
/// within the one before; an extractor of one's own makes an argument of it:
///
/// ```
/// # use portcullis_authz::{ChildOf, Guard, Load, LoadWithin, Permit, Policy, Read, Resource, Write};
/// # use portcullis_core::{Denial, RequestView};
/// # async fn find<S, Rules, Org, Project, Task>(guard: Guard<'_, Rules>, request: &RequestView<'_>, store: &S) -> Result<Permit<Write, Task>, Denial>
/// # where
/// #     Org: Resource<Store = S>, Project: ChildOf<Org, Through = Read> + Resource<Store = S>,
/// #     Task: ChildOf<Project, Through = Read> + Resource<Store = S>,
/// #     S: Load<Org> + LoadWithin<Org, Project> + LoadWithin<Project, Task>,
/// #     Rules: Policy<Read, Org> + Policy<Read, Project> + Policy<Write, Task>,
/// # {
/// // /orgs/{org}/projects/{project}/tasks/{task}
/// let org = guard.from_request::<Read, Org>(request, store).await?;
/// let (_, project) = guard.within::<Read, Project, Org>(request, org, store).await?.into_parts();
/// let (_, task) = guard.within::<Write, Task, Project>(request, project, store).await?.into_parts();
/// # Ok(task) }
/// ```
#[must_use]
pub struct PermitWithin<A, R: ChildOf<P>, P: Resource> {
    parent: Permit<R::Through, P>,
    permit: Permit<A, R>,
}

impl<A, R: ChildOf<P>, P: Resource> PermitWithin<A, R, P> {
    /// The parent, with proof that the caller may go through it.
    pub fn parent(&self) -> &Permit<R::Through, P> {
        &self.parent
    }

    /// The permit for the child.
    pub fn permit(&self) -> &Permit<A, R> {
        &self.permit
    }

    /// The caller who may.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        self.permit.principal()
    }

    /// Puts both together, for unit tests of handlers.
    ///
    /// # Security
    /// Nothing says that the child was loaded within this parent. Outside of tests, let a [`Guard`] make it.
    pub fn danger_from_parts(parent: Permit<R::Through, P>, permit: Permit<A, R>) -> Self {
        Self { parent, permit }
    }

    /// Both permits.
    pub fn into_parts(self) -> (Permit<R::Through, P>, Permit<A, R>) {
        (self.parent, self.permit)
    }
}

impl<A, R: ChildOf<P>, P: Resource> Deref for PermitWithin<A, R, P> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.permit
    }
}

impl<A: Action, R: ChildOf<P>, P: Resource> Demands for PermitWithin<A, R, P>
where
    P::Store: Load<P>,
{
    fn demands() -> Demand {
        let (parent, tenant) = (P::kind(), demand::of_the_tenant::<P>());
        let name = format!("permit({} {} within {} {parent}{tenant})", A::NAME, R::kind(), R::Through::NAME);
        let child = Demand::new(name).refusing_with(problems::<R>()).by_policy();
        child.within(Permit::<R::Through, P>::demands())
    }
}

impl<A: Action, R: ChildOf<P>, P: Resource> Proof for PermitWithin<A, R, P>
where
    P::Store: Load<P>,
{
    type Action = A;
    type Resource = R;
}

impl<A: Action, R: ChildOf<P>, P: Resource> fmt::Debug for PermitWithin<A, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitWithin").field("parent", &self.parent).field("permit", &self.permit).finish()
    }
}

impl<Rules> Guard<'_, Rules> {
    /// Loads the resource that the request names where [`Resource::SOURCE`] says, within a parent that the caller may
    /// go through, and asks the policy.
    ///
    /// # Errors
    /// As [`from_request`](Self::from_request).
    pub async fn within<A, R, P>(
        &self,
        request: &RequestView<'_>,
        parent: Permit<R::Through, P>,
        store: &R::Store,
    ) -> Result<PermitWithin<A, R, P>, Denial>
    where
        A: Action,
        P: Resource,
        R: ChildOf<P>,
        R::Store: LoadWithin<P, R>,
        Rules: Policy<A, R>,
    {
        let trail = request.trail();
        let caller = steps::caller(trail)?;
        let id = R::SOURCE.identifier(request).map_err(|denial| steps::noted(trail, denial))?;
        let target = Target::resource::<A, R>(Some(&id)).of_parameter(R::SOURCE.parameter(request));
        let parsed = steps::parsed::<R>(trail, target, &id)?;
        let deadline = self.load_deadline.unwrap_or(R::LOAD_DEADLINE);
        let load = store.load_within_for(caller, &parent, &parsed);
        let found = steps::loaded(trail, target, deadline, load).await?;
        const { demand_stand_in::<A, R, Rules>(R::ABSENT_WITHIN.is_some() || !matches!(R::ABSENT, Absent::Unsaid)) }
        let stand_in = match R::ABSENT_WITHIN {
            Some(make) => StandIn::Within(make, &*parent, &parsed),
            None => StandIn::of(&parsed),
        };
        let missing = Missing { stand_in, tenant: None };
        let permit = self.ask_about_found(trail, caller, found, &missing, target).await?;
        Ok(PermitWithin { parent, permit })
    }
}
