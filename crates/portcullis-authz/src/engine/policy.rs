use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use portcullis_core::{Decision, Mode, Principal, Reason, Step, Trail};
use serde_json::Value;

use super::describe::Describe;
use super::point::DecisionPoint;
use super::question::Question;
use crate::guard::{Action, Asking, Policy};

/// A decision point as the policy of a guard: it is asked about every action on every resource that it is told of
/// ([`Describe`]).
///
/// The action is called as [`Action::NAME`] says, unless [`with_action_names`](Self::with_action_names) says otherwise.
/// A decision point that fails is 503, also where refusals hide the resource. Guards wait for as long as
/// [`Resource::DECISION_DEADLINE`](crate::Resource::DECISION_DEADLINE) says: let that be longer than the deadline of the
/// decision point.
///
/// A guard that hides refusals asks about what does not exist too ([`Absent`](crate::Absent)), so that neither a question nor
/// a failure tells what exists. The question then [says so](Question::is_about_absent) to the decision point.
///
/// ```
/// # use std::borrow::Cow;
/// use portcullis_authz::engine::{DecisionPoint, Describe, EnginePolicy, Question};
/// use portcullis_authz::{Policy, Read, Write};
/// use portcullis_core::{CredentialMethod, Decision, Principal, Reason, Step};
///
/// # struct Document { id: u32 }
/// # impl Describe for Document {
/// #     fn kind(&self) -> Cow<'_, str> { "document".into() }
/// #     fn id(&self) -> Cow<'_, str> { self.id.to_string().into() }
/// # }
/// /// Everybody may read.
/// struct Readers;
///
/// impl DecisionPoint for Readers {
///     fn name(&self) -> &str {
///         "readers"
///     }
///     fn decide(&self, question: &Question<'_>) -> Step<Decision> {
///         Step::Done(Decision::allow_if(question.action() == "can_read", Reason::PolicyDenied))
///     }
/// }
///
/// let policy = EnginePolicy::new(Readers).with_action_names(|name| format!("can_{}", name.to_lowercase()));
/// let (alice, document) = (Principal::builder("alice", CredentialMethod::Jwt).build(), Document { id: 7 });
/// assert!(Policy::<Read, _>::decide(&policy, &alice, &document).is_allowed());
/// assert!(!Policy::<Write, _>::decide(&policy, &alice, &document).is_allowed());
/// ```
#[must_use]
pub struct EnginePolicy<P> {
    point: Arc<P>,
    name: Option<Name>,
    context: Arc<Vec<(Box<str>, Read)>>,
    mode: Mode,
    request: Option<Asked>,
}

/// The request that is asked for.
#[derive(Clone)]
struct Asked {
    trail: Trail,
    /// What the client calls the resource.
    identifier: Option<Box<str>>,
    hides: bool,
}

/// What the engine calls an action.
type Name = Arc<dyn Fn(&'static str) -> String + Send + Sync>;

/// What is known of a request.
type Read = Arc<dyn Fn(&Trail) -> Value + Send + Sync>;

impl<P: DecisionPoint> EnginePolicy<P> {
    /// Asks this decision point.
    pub fn new(point: P) -> Self {
        let context = Arc::default();
        Self { point: Arc::new(point), name: None, context, mode: Mode::Enforce, request: None }
    }

    /// Adds what the function reads from the request's Trail to what the engine is told of the circumstances: the client's
    /// address, the matched route, the time. Of two with the same name the last counts. By default, nothing is told.
    ///
    /// The Trail is known where a guard asks, and the engine's log may then name the request too
    /// ([`Question::request_id`]). Whoever asks the policy without a guard asks without both.
    ///
    /// ```
    /// use portcullis_authz::engine::EnginePolicy;
    /// # use portcullis_authz::engine::{DecisionPoint, Question};
    /// # use portcullis_core::{Decision, Step};
    /// # fn policy(engine: impl DecisionPoint) {
    /// let policy = EnginePolicy::new(engine)
    ///     .with_context("address", |trail| trail.client().ip().map(|address| address.to_string()).into());
    /// # }
    /// ```
    pub fn with_context(
        mut self,
        name: impl Into<Box<str>>,
        read: impl Fn(&Trail) -> Value + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.context).push((name.into(), Arc::new(read)));
        self
    }

    /// Calls actions as the function says. By default, they are called as [`Action::NAME`] says: `Read`.
    pub fn with_action_names(self, name: impl Fn(&'static str) -> String + Send + Sync + 'static) -> Self {
        Self { name: Some(Arc::new(name)), ..self }
    }

    /// Takes the decisions less seriously, to watch them before they are enforced. By default, this is
    /// [`Mode::Enforce`].
    ///
    /// Nobody waits for a decision that is not enforced: the guard hands the resource over, and the question, which has what
    /// it needs of the resource, is [watched](Question::is_watched) beside the request
    /// ([`Policy::decide_detached`]). In the event the decision stands if it comes before the response; a later one is told
    /// to the audit by itself. That needs a runtime of tokio and the feature `deadlines`: without them the decision point is polled
    /// once, and what it does not know by then is noted as a failure.
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    fn ask<A: Action>(
        &self,
        caller: &Principal,
        resource: &impl Describe,
        purpose: Purpose,
    ) -> Step<Decision> {
        let action = match &self.name {
            None => Cow::Borrowed(A::NAME),
            Some(name) => Cow::Owned(name(A::NAME)),
        };
        let question = Question::new(caller, action, resource.kind(), self.id_of(resource, purpose));
        let question = question.with_attributes(resource.attributes());
        let question = if purpose == Purpose::DecideAbsent { question.about_absent() } else { question };
        let watched = purpose == Purpose::Watch || self.mode == Mode::Shadow;
        let question = if watched { question.watched() } else { question };
        self.in_circumstances(question).put_to(&self.point)
    }

    /// A stand-in may not know the identifier that a resource would have: the engine is told what the client calls it.
    fn id_of<'a>(&'a self, resource: &'a impl Describe, purpose: Purpose) -> Cow<'a, str> {
        let id = resource.id();
        match self.request.as_ref().and_then(|asked| asked.identifier.as_deref()) {
            Some(identifier) if purpose == Purpose::DecideAbsent && id.is_empty() => identifier.into(),
            _ => id,
        }
    }

    fn in_circumstances<'a>(&'a self, question: Question<'a>) -> Question<'a> {
        let Some(Asked { trail, hides, .. }) = &self.request else { return question };
        let named = question.with_request_id(trail.id());
        let named = if *hides { named.hiding() } else { named };
        self.context.iter().fold(named, |question, (name, read)| question.with_context(&**name, read(trail)))
    }
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Decide,
    DecideAbsent,
    Watch,
}

impl<A: Action, R: Describe + Sync, P: DecisionPoint> Policy<A, R> for EnginePolicy<P> {
    const WAITS: bool = true;

    fn decide(&self, caller: &Principal, resource: &R) -> Decision {
        match self.ask::<A>(caller, resource, Purpose::Decide) {
            Step::Done(decision) => told(self.point.name(), decision),
            Step::Wait(_) => Decision::deny(Reason::Misconfigured).because(
                "the decision point has to be waited for, but was asked where nobody can: use the guard's methods \
                 that are async",
            ),
        }
    }

    fn decide_async(&self, caller: &Principal, resource: &R) -> impl Future<Output = Decision> + Send {
        let step = self.ask::<A>(caller, resource, Purpose::Decide);
        async move { told(self.point.name(), step.resolve().await) }
    }

    fn decide_absent(
        &self,
        caller: &Principal,
        stand_in: Option<&R>,
    ) -> impl Future<Output = Decision> + Send {
        let step = stand_in.map(|stand_in| self.ask::<A>(caller, stand_in, Purpose::DecideAbsent));
        async move {
            match step {
                Some(step) => told(self.point.name(), step.resolve().await),
                None => Decision::deny(Reason::ResourceNotFound),
            }
        }
    }

    fn decide_detached(&self, caller: &Principal, resource: &R) -> Option<Step<Decision>> {
        let name = self.point.name();
        Some(match self.ask::<A>(caller, resource, Purpose::Watch) {
            Step::Done(decision) => Step::Done(told(name, decision)),
            Step::Wait(wait) => {
                let name = name.to_owned();
                Step::wait(async move { told(&name, wait.await) })
            }
        })
    }

    fn in_request(&self, asking: &Asking<'_>) -> Option<Self> {
        let (trail, identifier) = (asking.trail().clone(), asking.identifier().map(Into::into));
        let request = Some(Asked { trail, identifier, hides: asking.hides() });
        Some(Self { request, ..self.clone() })
    }

    fn mode(&self) -> Mode {
        self.mode
    }
}

/// Asks the same decision point.
impl<P> Clone for EnginePolicy<P> {
    fn clone(&self) -> Self {
        let Self { point, name, context, mode, request } = self;
        let (point, context) = (Arc::clone(point), Arc::clone(context));
        Self { point, name: name.clone(), context, mode: *mode, request: request.clone() }
    }
}

/// The decision, with the name of who made it.
fn told(name: &str, decision: Decision) -> Decision {
    let detail = match decision.detail() {
        None => name.to_owned(),
        Some(said) => format!("{name}: {said}"),
    };
    decision.because(detail)
}

impl<P: DecisionPoint> fmt::Debug for EnginePolicy<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnginePolicy({})", self.point.name())
    }
}
