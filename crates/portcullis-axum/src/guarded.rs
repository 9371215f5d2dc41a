//! Handlers that a route takes, and what is said about them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use portcullis_authz::Ask;
use portcullis_ratelimit::Limit;
use portcullis_stack::RoutePolicy;

use crate::arguments::{Carries, TakesProof};
use crate::entry::{Entries, Entry};
use crate::unguarded::Unguarded;

/// Handlers of one path, each with its rule. `T` stands for the arguments of the one that was named last.
#[must_use = "handlers are reached only through a route"]
pub struct Guarded<S, T = ()> {
    done: Vec<Entry<S>>,
    last: Entry<S>,
    arguments: PhantomData<fn() -> T>,
}

/// Handlers that a route takes: those that all have a rule.
#[diagnostic::on_unimplemented(
    message = "this handler has no rule",
    label = "say `.requires(..)` or `.public(\"why\")` after the handler",
    note = "every route of a Portcullis application names who may call it"
)]
pub trait HasRule<S>: Entries<S> {}

impl<S, T> HasRule<S> for Guarded<S, T> {}

impl<S, T> Entries<S> for Guarded<S, T> {
    #[expect(private_interfaces, reason = "sealed")]
    fn entries(mut self) -> Vec<Entry<S>> {
        self.done.push(self.last);
        self.done
    }
}

impl<S, T> Guarded<S, T> {
    pub(crate) fn new(done: Vec<Entry<S>>, last: Entry<S>) -> Self {
        Self { done, last, arguments: PhantomData }
    }

    fn map(mut self, change: impl FnOnce(RoutePolicy) -> RoutePolicy) -> Self {
        self.last.policy = change(self.last.policy);
        self
    }
}

/// Settings of a route: of a handler with a rule, and of one that carries its rule in its type.
macro_rules! settings {
    ($(
        $(#[doc = $doc:literal])+
        fn $name:ident($( $argument:ident: $type:ty ),*) => $change:expr;
    )+) => {
        /// These settings are of the handler that was named last.
        impl<S, T> Guarded<S, T> { $(
            $(#[doc = $doc])+
            pub fn $name(self $(, $argument: $type)*) -> Self {
                self.map($change)
            }
        )+ }

        /// Settings of a handler that carries its rule.
        impl<S, T: Carries> Unguarded<S, T> { $(
            $(#[doc = $doc])+
            pub fn $name(self $(, $argument: $type)*) -> Guarded<S, T> {
                self.into_carried().map($change)
            }
        )+ }
    };
}

settings! {
    /// Takes this scheme alone. By default, a route takes every scheme that is not `only_where_named`.
    fn via(scheme: impl Into<Cow<'static, str>>) => |policy| policy.via([scheme]);

    /// Takes these schemes alone.
    fn via_any_of(schemes: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) => |policy| policy.via(schemes);

    /// Also takes callers without credentials, as far as the rule lets them; a bad credential is still refused.
    fn optional() => RoutePolicy::optional;

    /// Adds a limit of this handler alone.
    fn limit(limit: impl Into<Limit>) => |policy| policy.limit(limit);

    /// Also asks a decision point, after the rule allowed: both must allow. Several are asked one after the other.
    fn asks(ask: Ask) => |policy| policy.asks(ask);
}

/// Says which guard stands before a handler; it does not compile unless the handler takes the proof of it.
///
/// `I` is where among the arguments `T`; both are inferred. See [`guards`](Self::guards).
pub trait DeclareGuards<T, I>: Sized {
    /// The handler with what was declared.
    type Declared;

    /// Says that nobody reaches the handler without a `Permit<A, R>`, and shows it in the route table.
    ///
    /// ```
    /// # use portcullis_authz::*;
    /// # use portcullis_axum::{DeclareGuards, Routes, get};
    /// # use portcullis_core::StoreError;
    /// # #[derive(Clone)] struct Store;
    /// # impl axum::extract::FromRef<()> for Store { fn from_ref(_: &()) -> Self { Self } }
    /// # struct Document;
    /// # impl Resource for Document { type Id = u32; type Store = Store; type Rules = Store; const PARAM: &'static str = "id"; }
    /// # impl Load<Document> for Store { async fn load(&self, _: &u32) -> Result<Option<Document>, StoreError> { Ok(None) } }
    /// # impl Policy<Read, Document> for Store {
    /// #     fn decide(&self, _: &portcullis_core::Principal, _: &Document) -> portcullis_core::Decision { unreachable!() }
    /// # }
    /// async fn show(document: Permit<Read, Document>) {}
    ///
    /// let show = get(show).requires(scope("documents:read")).guards::<Read, Document>();
    /// let routes: Routes = Routes::new().route("/documents/{id}", show);
    /// ```
    ///
    /// A handler without that permit does not compile there, nor does one with a permit for something else:
    ///
    /// ```compile_fail,E0277
    /// # use portcullis_authz::*;
    /// # use portcullis_axum::{DeclareGuards, Routes, get};
    /// # use portcullis_core::StoreError;
    /// # #[derive(Clone)] struct Store;
    /// # impl axum::extract::FromRef<()> for Store { fn from_ref(_: &()) -> Self { Self } }
    /// # struct Document;
    /// # impl Resource for Document { type Id = u32; type Store = Store; type Rules = Store; const PARAM: &'static str = "id"; }
    /// # impl Load<Document> for Store { async fn load(&self, _: &u32) -> Result<Option<Document>, StoreError> { Ok(None) } }
    /// # impl Policy<Read, Document> for Store {
    /// #     fn decide(&self, _: &portcullis_core::Principal, _: &Document) -> portcullis_core::Decision { unreachable!() }
    /// # }
    /// async fn show(document: Permit<Read, Document>) {}
    ///
    /// let delete = get(show).requires(scope("documents:write")).guards::<Delete, Document>();
    /// let routes: Routes = Routes::new().route("/documents/{id}", delete);
    /// ```
    fn guards<A, R>(self) -> Self::Declared
    where
        T: TakesProof<A, R, I>;
}

impl<S, T, I> DeclareGuards<T, I> for Guarded<S, T> {
    type Declared = Self;

    fn guards<A, R>(self) -> Self
    where
        T: TakesProof<A, R, I>,
    {
        self.map(|policy| policy.demand(T::demand()))
    }
}

impl<S, T: Carries, I> DeclareGuards<T, I> for Unguarded<S, T> {
    type Declared = Guarded<S, T>;

    fn guards<A, R>(self) -> Guarded<S, T>
    where
        T: TakesProof<A, R, I>,
    {
        self.into_carried().guards::<A, R>()
    }
}

impl<S, T> fmt::Debug for Guarded<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("policy", &self.last.policy).finish_non_exhaustive()
    }
}
