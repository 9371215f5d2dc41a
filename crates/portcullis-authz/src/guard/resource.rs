use std::any;
use std::future::Future;
use std::str::FromStr;

use portcullis_core::StoreError;

/// Something that is loaded by the identifier in the path before a handler sees it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource that a guard can load",
    note = "write `impl Resource for {Self}` with the types `Id`, `Store`, `Rules` and the name `PARAM` of the path parameter"
)]
pub trait Resource: Sized + Send + Sync + 'static {
    /// The identifier, parsed from the path. Text that does not parse names no resource: 404.
    type Id: FromStr + Send + Sync;

    /// Where resources are loaded from.
    type Store: Load<Self>;

    /// The policy: it implements [`Policy<A, Self>`](crate::Policy) for each action that there is.
    type Rules: Send + Sync + 'static;

    /// The name of the path parameter that holds the identifier: `id` of `/documents/{id}`.
    const PARAM: &'static str;

    /// What a caller is told whom the policy refuses. By default, this is [`OnDeny::Hide`].
    const ON_DENY: OnDeny = OnDeny::Hide;

    /// What audit events call this kind of resource. By default, this is the name of the type without its path.
    #[must_use]
    fn kind() -> &'static str {
        let name = any::type_name::<Self>();
        let plain = name.split_once('<').map_or(name, |(plain, _)| plain);
        plain.rsplit_once("::").map_or(plain, |(_, last)| last)
    }
}

/// Loads resources by their identifiers.
///
/// A store is expected to keep a deadline of its own; a failure is answered with 503 and is neither "absent" nor
/// "refused".
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot load `{R}`",
    note = "write `impl Load<{R}> for {Self}`; `load` may be an `async fn`"
)]
pub trait Load<R: Resource>: Send + Sync + 'static {
    /// The resource, or `None` if there is none of that identifier.
    fn load(&self, id: &R::Id) -> impl Future<Output = Result<Option<R>, StoreError>> + Send;
}

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
