//! What the types of a handler's arguments say.

use portcullis_authz::{Demand, Proof};
use portcullis_stack::RoutePolicy;

use crate::authorized::{Annotation, Authorized};

/// Arguments of a handler that carries its policy: the first one is [`Authorized`], which `#[authorize(..)]` adds.
#[diagnostic::on_unimplemented(
    message = "this handler has no rule",
    label = "say `.requires(..)` or `.public(\"why\")` after the handler, or put `#[authorize(..)]` on the function",
    note = "every route of a Portcullis application names who may call it"
)]
pub trait Carries {
    /// The policy.
    fn policy() -> &'static RoutePolicy;
}

/// Arguments of a handler of which one is proof that the caller may do `A` to `R`: a `Permit<A, R>`, anywhere. `I` is the
/// list of those before it; it is inferred.
#[diagnostic::on_unimplemented(
    message = "the handler takes no `Permit<{A}, {R}>`",
    label = "no argument of the handler is proof of that check",
    note = "`.guards::<A, R>()` says that nobody reaches the handler without a `Permit<A, R>`: take one as an argument"
)]
pub trait TakesProof<A, R, I> {
    /// The argument, as far as its type tells what it demands.
    fn demand() -> Demand;
}

/// For the arguments of one handler, beside the marker that [`Endpoint`](crate::Endpoint) puts in front.
macro_rules! arguments {
    ($( [$($argument:ident),*]; )+) => { $(
        impl<M, N: Annotation, $($argument,)*> Carries for (M, Authorized<N>, $($argument,)*) {
            fn policy() -> &'static RoutePolicy {
                N::policy()
            }
        }

        proofs!([] [$($argument),*]);
    )+ };
}

/// One implementation for each argument, with those before and those after it.
macro_rules! proofs {
    ([$($before:ident),*] []) => {};
    ([$($before:ident),*] [$this:ident $(, $after:ident)*]) => {
        // So that a permit for something else is told as a missing one, not as two types that differ.
        #[diagnostic::do_not_recommend]
        impl<M, A, R, $($before,)* $this, $($after,)*> TakesProof<A, R, ($($before,)*)>
            for (M, $($before,)* $this, $($after,)*)
        where
            $this: Proof<Action = A, Resource = R>,
        {
            fn demand() -> Demand {
                $this::demands()
            }
        }

        proofs!([$($before,)* $this] [$($after),*]);
    };
}

arguments! {
    [];
    [T1];
    [T1, T2];
    [T1, T2, T3];
    [T1, T2, T3, T4];
    [T1, T2, T3, T4, T5];
    [T1, T2, T3, T4, T5, T6];
    [T1, T2, T3, T4, T5, T6, T7];
    [T1, T2, T3, T4, T5, T6, T7, T8];
    [T1, T2, T3, T4, T5, T6, T7, T8, T9];
    [T1, T2, T3, T4, T5, T6, T7, T8, T9, T10];
    [T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11];
    [T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12];
    [T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13];
    [T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14];
    [T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15];
}

proofs!([] [T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16]);
