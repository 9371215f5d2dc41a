//! `get`, `post` and the others, with axum's names: they keep the handler's type, so that a forgotten rule is a
//! compile error.

use std::any::type_name;
use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, any as every, on};
use http::Method;
use portcullis_authz::Rule;
use portcullis_ratelimit::Limit;
use portcullis_stack::{Gate, RoutePolicy};
use tower_service::Service;

use crate::endpoint::{Endpoint, ServiceEndpoint};
use crate::sealed::Sealed;

type Make<S> = Arc<dyn Fn(Gate) -> MethodRouter<S> + Send + Sync>;

/// One method of a path, with its handler and its policy.
#[derive(Clone)]
pub(crate) struct Entry<S> {
    /// `None` stands for every method.
    pub(crate) method: Option<Method>,
    pub(crate) handler: &'static str,
    pub(crate) policy: RoutePolicy,
    pub(crate) make: Make<S>,
}

/// A handler that has no rule yet. A route does not take it: say [`requires`](Self::requires) or
/// [`public`](Self::public).
#[must_use = "a handler without a rule is no route"]
pub struct Unguarded<S> {
    done: Vec<Entry<S>>,
    method: Option<Method>,
    handler: &'static str,
    make: Make<S>,
}

/// Handlers of one path, each with its rule.
#[must_use = "handlers are reached only through a route"]
pub struct Guarded<S> {
    pub(crate) entries: Vec<Entry<S>>,
    last: Entry<S>,
}

/// Handlers that a route takes: those that all have a rule.
#[diagnostic::on_unimplemented(
    message = "this handler has no rule",
    label = "say `.requires(..)` or `.public(\"why\")` after the handler",
    note = "every route of a Portcullis application names who may call it"
)]
pub trait HasRule<S>: private::Entries<S> {}

impl<S> HasRule<S> for Guarded<S> {}

pub(crate) mod private {
    use super::{Entry, Guarded};

    #[expect(unnameable_types, reason = "sealed: only this crate says what has a rule")]
    pub trait Entries<S> {
        #[expect(private_interfaces, reason = "sealed")]
        fn entries(self) -> Vec<Entry<S>>;
    }

    impl<S> Entries<S> for Guarded<S> {
        #[expect(private_interfaces, reason = "sealed")]
        fn entries(mut self) -> Vec<Entry<S>> {
            self.entries.push(self.last);
            self.entries
        }
    }
}

macro_rules! methods {
    ($( $name:ident = $method:ident, $text:literal; )+) => {
        $(
            #[doc = concat!("Handles `", $text, "` requests; to be followed by a rule.")]
            pub fn $name<E, T, S>(endpoint: E) -> Unguarded<S>
            where
                E: Endpoint<T, S>,
                S: Clone + Send + Sync + 'static,
                T: 'static,
            {
                Unguarded::new(Vec::new(), Some(Method::$method), endpoint)
            }
        )+

        impl<S: Clone + Send + Sync + 'static> Guarded<S> {
            $(
                #[doc = concat!("Also handles `", $text, "` requests; to be followed by a rule.")]
                pub fn $name<E: Endpoint<T, S>, T: 'static>(self, endpoint: E) -> Unguarded<S> {
                    Unguarded::new(private::Entries::entries(self), Some(Method::$method), endpoint)
                }
            )+
        }
    };
}

methods! {
    connect = CONNECT, "CONNECT";
    delete = DELETE, "DELETE";
    get = GET, "GET` and `HEAD";
    head = HEAD, "HEAD";
    options = OPTIONS, "OPTIONS";
    patch = PATCH, "PATCH";
    post = POST, "POST";
    put = PUT, "PUT";
}

/// Handles requests of every method; to be followed by a rule.
///
/// A WebSocket handler wants it, or [`get`] beside [`connect`]: the handshake is a `GET` in HTTP/1.1 and a `CONNECT`
/// in HTTP/2 (RFC 8441 §4).
pub fn any<E, T, S>(endpoint: E) -> Unguarded<S>
where
    E: Endpoint<T, S>,
    S: Clone + Send + Sync + 'static,
    T: 'static,
{
    Unguarded::new(Vec::new(), None, endpoint)
}

/// Hands requests of every method to a tower service; to be followed by a rule. Use it with
/// [`Routes::service`](crate::Routes::service) for a whole subtree.
pub fn service<Svc, S>(service: Svc) -> Unguarded<S>
where
    Svc: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    Svc::Response: IntoResponse,
    Svc::Future: Send,
    S: Clone + Send + Sync + 'static,
{
    Unguarded::new::<_, ServiceEndpoint<()>>(Vec::new(), None, ServiceEndpoint(service))
}

impl<S: Clone + Send + Sync + 'static> Unguarded<S> {
    fn new<E: Endpoint<T, S>, T: 'static>(done: Vec<Entry<S>>, method: Option<Method>, endpoint: E) -> Self {
        // INVARIANT: every method above is one that axum has a filter for; `any` is the wider answer otherwise.
        let filter = method.clone().and_then(|method| MethodFilter::try_from(method).ok());
        let make = move |gate: Gate| {
            let sealed = Sealed { gate, endpoint: endpoint.clone() };
            match filter {
                Some(filter) => on(filter, sealed),
                None => every(sealed),
            }
        };
        Self { done, method, handler: type_name::<E>(), make: Arc::new(make) }
    }
}

impl<S> Unguarded<S> {
    /// Callers must satisfy the rule.
    pub fn requires(self, rule: Rule) -> Guarded<S> {
        self.with(RoutePolicy::requires(rule))
    }

    /// Anybody may call, and no credential is looked at. The reason stands in the route table.
    pub fn public(self, reason: impl Into<Cow<'static, str>>) -> Guarded<S> {
        self.with(RoutePolicy::public(reason))
    }

    fn with(self, policy: RoutePolicy) -> Guarded<S> {
        let last = Entry { method: self.method, handler: self.handler, policy, make: self.make };
        Guarded { entries: self.done, last }
    }
}

/// These settings are of the handler that was named last.
impl<S> Guarded<S> {
    /// Takes this scheme alone. By default, a route takes every scheme that is not `only_where_named`.
    pub fn via(self, scheme: impl Into<Cow<'static, str>>) -> Self {
        self.via_any_of([scheme])
    }

    /// Takes these schemes alone.
    pub fn via_any_of<N: Into<Cow<'static, str>>>(self, schemes: impl IntoIterator<Item = N>) -> Self {
        self.map(|policy| policy.via(schemes))
    }

    /// Also takes callers without credentials, as far as the rule lets them; a bad credential is still refused.
    pub fn optional(self) -> Self {
        self.map(RoutePolicy::optional)
    }

    /// Adds a limit of this handler alone.
    pub fn limit(self, limit: impl Into<Limit>) -> Self {
        self.map(|policy| policy.limit(limit))
    }

    fn map(mut self, change: impl FnOnce(RoutePolicy) -> RoutePolicy) -> Self {
        self.last.policy = change(self.last.policy);
        self
    }
}

impl<S: Clone + Send + Sync + 'static> Entry<S> {
    pub(crate) fn with_state<S2>(self, state: S) -> Entry<S2> {
        let make = self.make;
        Entry {
            method: self.method,
            handler: self.handler,
            policy: self.policy,
            make: Arc::new(move |gate| make(gate).with_state(state.clone())),
        }
    }
}

impl<S> fmt::Debug for Unguarded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unguarded").field("handler", &self.handler).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Guarded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("policy", &self.last.policy).finish_non_exhaustive()
    }
}
