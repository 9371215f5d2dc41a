use std::any;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use portcullis_core::{Principal, StoreError};

use super::absent::Absent;
use super::filter::Filter;
use super::source::Source;

/// Something that is loaded before a handler sees it, by an identifier that the request names.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource that a guard can load",
    note = "write `impl Resource for {Self}` with the types `Id`, `Store`, `Rules`, and the name `PARAM` of the path parameter"
)]
pub trait Resource: Sized + Send + Sync + 'static {
    /// The identifier, parsed from text. Text that does not parse names no resource: 404.
    type Id: FromStr + Send + Sync;

    /// Where resources are loaded from: it implements [`Load<Self>`](Load), or
    /// [`LoadWithin<Parent, Self>`](crate::LoadWithin) for what lies within something else.
    type Store: Send + Sync + 'static;

    /// The policy: it implements [`Policy<A, Self>`](crate::Policy) for each action that there is.
    type Rules: Send + Sync + 'static;

    /// The name of the path parameter that holds the identifier. By default, this is `id`, as in
    /// `/documents/{id}`.
    const PARAM: &'static str = "id";

    /// Which part of the request holds the identifier. By default, this is the path parameter
    /// [`PARAM`](Self::PARAM).
    const SOURCE: Source = Source::Path(Self::PARAM);

    /// What a caller is told whom the policy refuses. By default, this is [`OnDeny::Hide`].
    const ON_DENY: OnDeny = OnDeny::Hide;

    /// What policies are asked about in place of a resource that does not exist. By default, nothing is [said](Absent::Unsaid):
    /// enough for policies that never wait, and for resources that need not hide.
    const ABSENT: Absent<Self> = Absent::Unsaid;

    /// How long the store may take, before the answer is 503 `store_deadline_exceeded`. By default, this is
    /// [`DEFAULT_LOAD_DEADLINE`].
    const LOAD_DEADLINE: Duration = DEFAULT_LOAD_DEADLINE;

    /// How long the policy may take, before the answer is 503 `policy_deadline_exceeded`. By default, this is
    /// [`DEFAULT_DECISION_DEADLINE`].
    const DECISION_DEADLINE: Duration = DEFAULT_DECISION_DEADLINE;

    /// What audit events call this kind of resource. By default, this is the name of the type without its path.
    #[must_use]
    fn kind() -> &'static str {
        kind_of::<Self>()
    }
}

pub(super) fn kind_of<T>() -> &'static str {
    let name = any::type_name::<T>();
    let plain = name.split_once('<').map_or(name, |(plain, _)| plain);
    plain.rsplit_once("::").map_or(plain, |(_, last)| last)
}

/// How long a store may take to load one resource, unless the resource says otherwise: 5 seconds.
pub const DEFAULT_LOAD_DEADLINE: Duration = Duration::from_secs(5);

/// How long a policy may take to decide, unless the resource says otherwise: 2 seconds.
pub const DEFAULT_DECISION_DEADLINE: Duration = Duration::from_secs(2);

/// Loads resources by their identifiers.
///
/// A failure is answered with 503 and is neither "absent" nor "refused".
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot load `{R}`",
    note = "write `impl Load<{R}> for {Self}`; `load` may be an `async fn`",
    note = "what lies within a parent is no `Permit`, but a `PermitWithin`",
    note = "a `TenantStore<..>` loads what is `TenantScoped`, by `LoadInTenant`"
)]
pub trait Load<R: Resource>: Send + Sync + 'static {
    /// The resource, or `None` if there is none of that identifier.
    fn load(&self, id: &R::Id) -> impl Future<Output = Result<Option<R>, StoreError>> + Send;

    /// The same, for this caller: what guards ask. By default, callers see the same store.
    fn load_for(
        &self,
        caller: &Principal,
        id: &R::Id,
    ) -> impl Future<Output = Result<Option<R>, StoreError>> + Send {
        let _ = caller;
        self.load(id)
    }

    /// Which resources this caller reaches in the store at all, before any policy is asked: lists are limited to them
    /// ([`Visible`](crate::Visible)), as single reads are by [`load_for`](Self::load_for). By default, all of them.
    fn reachable_for(caller: &Principal) -> Filter<R> {
        let _ = caller;
        Filter::all()
    }

    /// That each caller sees the resources of their own tenant alone; the route table and audit events tell it.
    /// [`TenantStore`](crate::TenantStore) says so, and a store around one may pass it on. By default, this is `None`.
    const TENANTS_APART: Option<Apart> = None;
}

/// The word of a [`TenantStore`](crate::TenantStore) that it keeps tenants apart; nobody else can give it.
#[derive(Clone, Copy, Debug)]
pub struct Apart(pub(super) ());

/// What a caller is told whom a policy refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDeny {
    /// 403: callers may learn that the resource exists.
    Forbid,
    /// 404, the same answer as for a resource that does not exist (OWASP API Security Top 10 2023, API1).
    #[default]
    Hide,
}
