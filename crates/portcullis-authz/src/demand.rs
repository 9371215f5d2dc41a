//! What an argument of a handler demands, told when the application starts.

/// An argument of a handler that refuses requests by itself, such as [`Permit`](crate::Permit) and
/// [`Scoped`](crate::Scoped).
pub trait Demands {
    /// What it demands, as the route table prints it: `permit(Read Document)`.
    #[must_use]
    fn demands() -> String;
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
