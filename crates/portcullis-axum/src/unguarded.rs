//! A handler whose route says nothing yet.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use http::Method;
use portcullis_authz::Rule;
use portcullis_stack::RoutePolicy;

use crate::arguments::Carries;
use crate::endpoint::Endpoint;
use crate::entry::{Entries, Entry, Handler};
use crate::guarded::{Guarded, HasRule};

/// A handler that has no rule yet. A route does not take it: say [`requires`](Self::requires) or
/// [`public`](Self::public).
///
/// A handler that carries its rule in its type, by `#[authorize(..)]`, is taken as it is: `T`, the types of the
/// handler's arguments, [says so](Carries).
#[must_use = "a handler without a rule is no route"]
pub struct Unguarded<S, T = ()> {
    done: Vec<Entry<S>>,
    handler: Handler<S>,
    arguments: PhantomData<fn() -> T>,
}

impl<S, T> Unguarded<S, T> {
    pub(crate) fn new<E>(done: Vec<Entry<S>>, method: Option<Method>, endpoint: E) -> Self
    where
        E: Endpoint<T, S>,
        S: Clone + Send + Sync + 'static,
        T: 'static,
    {
        Self { done, handler: Handler::new(method, endpoint), arguments: PhantomData }
    }

    /// Callers must satisfy the rule. Where the handler carries a rule in its type, they must satisfy both.
    pub fn requires(self, rule: Rule) -> Guarded<S, T> {
        self.with(RoutePolicy::requires(rule), None)
    }

    /// Anybody may call, and no credential is looked at. The reason stands in the route table.
    pub fn public(self, reason: impl Into<Cow<'static, str>>) -> Guarded<S, T> {
        self.with(RoutePolicy::public(reason), None)
    }

    fn with(self, policy: RoutePolicy, carried: Option<&'static RoutePolicy>) -> Guarded<S, T> {
        Guarded::new(self.done, Entry { handler: self.handler, policy, carried, shared: Vec::new() })
    }
}

impl<S, T: Carries> Unguarded<S, T> {
    /// The handler with the rule that it carries.
    pub(crate) fn into_carried(self) -> Guarded<S, T> {
        let carried = T::policy();
        self.with(RoutePolicy::left_to(carried), Some(carried))
    }
}

// So that a forgotten rule is told of the handler, not of the types of its arguments.
#[diagnostic::do_not_recommend]
impl<S, T: Carries> HasRule<S> for Unguarded<S, T> {}

impl<S, T: Carries> Entries<S> for Unguarded<S, T> {
    #[expect(private_interfaces, reason = "sealed")]
    fn entries(self) -> Vec<Entry<S>> {
        self.into_carried().entries()
    }
}

impl<S, T> fmt::Debug for Unguarded<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unguarded").field("handler", &self.handler.name).finish_non_exhaustive()
    }
}
