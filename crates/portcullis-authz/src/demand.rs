//! What an argument of a handler demands, told when the application starts.

use crate::{Load, Resource};

/// An argument of a handler that refuses requests by itself, such as [`Permit`](crate::Permit) and
/// [`Scoped`](crate::Scoped).
pub trait Demands {
    /// What it demands, as the route table prints it: `permit(Read Document)`, or `permit(Read Invoice of the caller's
    /// tenant)` where the store keeps tenants apart.
    #[must_use]
    fn demands() -> String;
}

/// What a demand says of a resource whose store keeps tenants apart.
pub(crate) fn of_the_tenant<R: Resource>() -> &'static str
where
    R::Store: Load<R>,
{
    if <R::Store as Load<R>>::TENANTS_APART { " of the caller's tenant" } else { "" }
}

/// An argument of a handler that is proof of a check: whoever has it got it from a guard.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no proof of a check",
    note = "`Permit<A, R>` is one: its action is `A`, its resource `R`"
)]
pub trait Proof: Demands {
    /// What the caller may do.
    type Action;
    /// To what.
    type Resource;
}
