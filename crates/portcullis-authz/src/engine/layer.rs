use std::fmt;

use portcullis_core::{Clock, ConfigErrors, FromBytes, RenderDenial};
use portcullis_tower::{DecideLayer, DecideService};
use tower_layer::Layer;

use super::ask::Ask;

/// Refuses requests that a decision point refuses. An authentication layer must stand around it.
///
/// ```
/// use http::{Request, Response};
/// use portcullis_authz::engine::{AskLayer, DecisionPoint, Question, ask};
/// use portcullis_core::{Clock, CredentialMethod, Decision, Principal, Reason, Step, Trail};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// /// Stands for a policy engine: everybody may list.
/// struct Readers;
///
/// impl DecisionPoint for Readers {
///     fn name(&self) -> &str {
///         "readers"
///     }
///     fn decide(&self, question: &Question<'_>) -> Step<Decision> {
///         Step::Done(Decision::allow_if(question.action() == "can_list", Reason::PolicyDenied))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let status = async |action| {
///     let layer = AskLayer::new(ask(Readers).action(action).resource("todos").id("all")).unwrap();
///     let handler = service_fn(async |_: Request<()>| Ok::<_, std::convert::Infallible>(Response::new(bytes::Bytes::new())));
///     let mut request = Request::new(());
///     let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
///     trail.authenticated(Principal::builder("alice", CredentialMethod::Jwt).build()).unwrap();
///     ServiceBuilder::new().layer(layer).service(handler).oneshot(request).await.unwrap().status()
/// };
/// assert_eq!(status("can_list").await, 200);
/// assert_eq!(status("can_delete").await, 403); // refused
/// # });
/// ```
#[must_use]
pub struct AskLayer<F = FromBytes> {
    ask: Ask,
    decide: DecideLayer<Ask, F>,
}

impl AskLayer {
    /// Puts the question and refuses with problem+json, in any body that is made `From<Bytes>`.
    ///
    /// # Errors
    /// Everything that [`Ask::lint`] finds.
    pub fn new(ask: Ask) -> Result<Self, ConfigErrors> {
        let ask = ask.checked()?;
        Ok(Self { decide: DecideLayer::new(ask.clone()), ask })
    }
}

impl<F> AskLayer<F> {
    /// Takes another renderer of refusals. By default, this is [`ProblemJson`](portcullis_core::ProblemJson).
    pub fn with_renderer(self, renderer: impl RenderDenial) -> Self {
        Self { decide: self.decide.with_renderer(renderer), ..self }
    }

    /// Makes the body of a refusal by a closure. By default, this is `From<Bytes>`.
    pub fn with_body<G>(self, body: G) -> AskLayer<G> {
        AskLayer { decide: self.decide.with_body(body), ask: self.ask }
    }

    /// Takes another clock for the Trail, if this layer opens it. By default, this is the system's.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { decide: self.decide.with_clock(clock), ..self }
    }
}

impl<S, F: Clone> Layer<S> for AskLayer<F> {
    type Service = DecideService<S, Ask, F>;

    fn layer(&self, inner: S) -> Self::Service {
        self.decide.layer(inner)
    }
}

impl<F: Clone> Clone for AskLayer<F> {
    fn clone(&self) -> Self {
        Self { ask: self.ask.clone(), decide: self.decide.clone() }
    }
}

impl<F> fmt::Debug for AskLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskLayer").field("ask", &self.ask).finish_non_exhaustive()
    }
}
