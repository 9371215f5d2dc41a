use std::fmt;

use portcullis_core::{Clock, ConfigErrors, Denial, FromBytes, Mode, RenderDenial, RequestView, Step};
use portcullis_tower::{Decide, DecideLayer, DecideService};
use tower_layer::Layer;

use crate::rule::Rule;

/// Refuses requests that do not satisfy a [`Rule`]. An authentication layer must stand around it.
///
/// See the crate's docs for how it decides.
#[must_use]
pub struct AuthorizationLayer<F = FromBytes> {
    authorize: AuthorizeRequest,
    decide: DecideLayer<AuthorizeRequest, F>,
}

impl AuthorizationLayer {
    /// Enforces the rule and refuses with problem+json, in any body that is made `From<Bytes>`.
    ///
    /// # Errors
    /// Everything that [`Rule::lint`] finds.
    pub fn new(rule: Rule) -> Result<Self, ConfigErrors> {
        let authorize = AuthorizeRequest { rule: rule.checked()?, mode: Mode::Enforce };
        Ok(Self { decide: DecideLayer::new(authorize.clone()), authorize })
    }
}

impl<F> AuthorizationLayer<F> {
    /// Takes the rule less seriously, to watch it before it is enforced. By default, this is [`Mode::Enforce`].
    ///
    /// What is not enforced is open to everybody whom the authentication layer lets pass; the Trail tells what
    /// would have been refused.
    pub fn with_mode(self, mode: Mode) -> Self {
        let authorize = AuthorizeRequest { mode, ..self.authorize };
        Self { decide: self.decide.with_decision(authorize.clone()), authorize }
    }

    /// Takes another renderer of refusals. By default, this is [`ProblemJson`](portcullis_core::ProblemJson).
    pub fn with_renderer(self, renderer: impl RenderDenial) -> Self {
        Self { decide: self.decide.with_renderer(renderer), ..self }
    }

    /// Makes the body of a refusal by a closure. By default, this is `From<Bytes>`.
    pub fn with_body<G>(self, body: G) -> AuthorizationLayer<G> {
        AuthorizationLayer { decide: self.decide.with_body(body), authorize: self.authorize }
    }

    /// Takes another clock for the Trail, if this layer opens it. By default, this is the system's.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { decide: self.decide.with_clock(clock), ..self }
    }
}

impl<S, F: Clone> Layer<S> for AuthorizationLayer<F> {
    type Service = DecideService<S, AuthorizeRequest, F>;

    fn layer(&self, inner: S) -> Self::Service {
        self.decide.layer(inner)
    }
}

impl<F: Clone> Clone for AuthorizationLayer<F> {
    fn clone(&self) -> Self {
        Self { authorize: self.authorize.clone(), decide: self.decide.clone() }
    }
}

impl<F> fmt::Debug for AuthorizationLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationLayer").field("authorize", &self.authorize).finish_non_exhaustive()
    }
}

/// What an [`AuthorizationLayer`] decides: a rule and how seriously it is taken.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    rule: Rule,
    mode: Mode,
}

impl Decide for AuthorizeRequest {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Step::Done(self.rule.decide_as(request, self.mode))
    }
}

#[cfg(test)]
mod tests;
