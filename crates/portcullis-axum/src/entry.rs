//! One method of a path, with its handler and its policy.

use std::any::type_name;
use std::sync::Arc;

use axum::routing::{MethodFilter, MethodRouter, any, on};
use http::Method;
use portcullis_authz::Rule;
use portcullis_core::ConfigErrors;
use portcullis_stack::{Gate, RoutePolicy};

use crate::endpoint::Endpoint;
use crate::inquiry::{Questions, Told};
use crate::sealed::Sealed;

/// Makes the sealed handler from its gate and the carried policy, if the gate enforces that.
type Make<S> = Arc<dyn Fn(Gate, Option<&'static RoutePolicy>) -> MethodRouter<S> + Send + Sync>;
type Ask<S> = Arc<dyn Fn(&S) -> Told + Send + Sync>;

/// A handler behind one method, its type erased.
#[derive(Clone)]
pub(crate) struct Handler<S> {
    /// `None` stands for every method.
    pub(crate) method: Option<Method>,
    pub(crate) name: &'static str,
    make: Make<S>,
    ask: Ask<S>,
}

/// A handler with what its route says.
#[derive(Clone)]
pub(crate) struct Entry<S> {
    pub(crate) handler: Handler<S>,
    pub(crate) policy: RoutePolicy,
    /// What the handler carries, if its type says so.
    pub(crate) carried: Option<&'static RoutePolicy>,
    /// What the lists demand that the route is in.
    pub(crate) shared: Vec<Rule>,
}

/// What becomes entries: sealed, since only this crate says what has a rule.
#[expect(unnameable_types, reason = "sealed")]
pub trait Entries<S> {
    #[expect(private_interfaces, reason = "sealed")]
    fn entries(self) -> Vec<Entry<S>>;
}

impl<S: Clone + Send + Sync + 'static> Handler<S> {
    pub(crate) fn new<E: Endpoint<T, S>, T: 'static>(method: Option<Method>, endpoint: E) -> Self {
        // INVARIANT: every method that names one is one that axum has a filter for; `any` is the wider answer otherwise.
        let filter = method.clone().and_then(|method| MethodFilter::try_from(method).ok());
        let make = move |gate: Gate, carried: Option<&'static RoutePolicy>| {
            let sealed = Sealed { gate, carried, endpoint: endpoint.clone() };
            match filter {
                Some(filter) => on(filter, sealed),
                None => any(sealed),
            }
        };
        let ask = |state: &S| {
            let questions = Questions::default();
            E::ask(&questions, state);
            questions.told()
        };
        Self { method, name: type_name::<E>(), make: Arc::new(make), ask: Arc::new(ask) }
    }

    fn with_state<S2>(self, state: S) -> Handler<S2> {
        let Self { method, name, make, ask } = self;
        let told = ask(&state);
        Handler {
            method,
            name,
            make: Arc::new(move |gate, carried| make(gate, carried).with_state(state.clone())),
            ask: Arc::new(move |_| told.clone()),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Entry<S> {
    pub(crate) fn with_state<S2>(self, state: S) -> Entry<S2> {
        let Self { handler, policy, carried, shared } = self;
        Entry { handler: handler.with_state(state), policy, carried, shared }
    }
}

impl Entry<()> {
    /// Joins what the handler says of itself to what its route says.
    pub(crate) fn settle(&mut self) -> Result<(), ConfigErrors> {
        let told = (self.handler.ask)(&());
        self.carried = self.carried.or(told.carried);
        if let Some(carried) = self.carried {
            self.policy = self.policy.clone().with_carried(carried)?;
        }
        for rule in &self.shared {
            self.policy = self.policy.clone().and_requires(rule)?;
        }
        let demanding = told.demands.into_iter().fold(self.policy.clone(), RoutePolicy::demand);
        self.policy = demanding.may_refuse_with(told.problems);
        Ok(())
    }

    /// The handler behind its gate, which was made from the settled policy.
    pub(crate) fn sealed(&self, gate: Gate) -> MethodRouter {
        let upheld = self.carried.filter(|_| self.policy.contains_carried());
        (self.handler.make)(gate, upheld)
    }
}
