//! Limits as a tower layer of their own.

use std::fmt;

use portcullis_core::{
    Authentication, Clock, ConfigCode, ConfigError, ConfigErrors, Denial, FromBytes, RenderDenial,
    RequestView, Room, Step,
};
use portcullis_tower::{Decide, DecideLayer, DecideService};
use tower_layer::Layer;

use crate::limit::Limit;
use crate::limiter::Phase;
use crate::limiters::Limiters;

/// Limits how often the requests of a service come. See the crate's docs.
#[must_use]
pub struct RateLimitLayer<F = FromBytes>(DecideLayer<CheckLimits, F>);

impl RateLimitLayer {
    /// A layer of one limit, by the system's clock.
    ///
    /// # Errors
    /// As [`Limit::build`]; P303 for a limit per attempted user, which no layer can ask.
    pub fn new(limit: Limit) -> Result<Self, ConfigErrors> {
        Self::with_clock(&[limit], &Clock::system())
    }

    /// A layer of several limits, each of which must have a name of its own, by another clock.
    ///
    /// # Errors
    /// As [`Limiters::build`]; P303 for a limit per attempted user, which no layer can ask.
    pub fn with_clock(limits: &[Limit], clock: &Clock) -> Result<Self, ConfigErrors> {
        let layer = Self::of(Limiters::build(limits, clock)?)?;
        Ok(Self(layer.0.with_clock(clock.clone())))
    }

    /// A layer of limits that may be shared with other layers.
    ///
    /// # Errors
    /// P303 for a limit per attempted user, which no layer can ask.
    pub fn of(limiters: Limiters) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        for limiter in limiters.iter().filter(|limiter| limiter.phase() == Phase::Attempt) {
            let message =
                format!("limit `{}` counts attempts to log in: give it to a scheme", limiter.name());
            errors.push(ConfigError::new(ConfigCode::LimitNeverApplies, message));
        }
        errors.into_result(Self(DecideLayer::new(CheckLimits(limiters))))
    }
}

impl<F> RateLimitLayer<F> {
    /// Takes another renderer of refusals. By default, this is [`ProblemJson`](portcullis_core::ProblemJson).
    pub fn with_renderer(self, renderer: impl RenderDenial) -> Self {
        Self(self.0.with_renderer(renderer))
    }

    /// Makes the body of a refusal by a closure. By default, this is `From<Bytes>`.
    pub fn with_body<G>(self, body: G) -> RateLimitLayer<G> {
        RateLimitLayer(self.0.with_body(body))
    }
}

impl<S, F: Clone> Layer<S> for RateLimitLayer<F> {
    type Service = DecideService<S, CheckLimits, F>;

    fn layer(&self, inner: S) -> Self::Service {
        self.0.layer(inner)
    }
}

impl<F: Clone> Clone for RateLimitLayer<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F> fmt::Debug for RateLimitLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RateLimitLayer").field(&self.0).finish()
    }
}

/// What the layer decides: [`Limiters::check_all`].
///
/// Limits that are asked after authentication want one to have run, else it is 500 `misconfigured`: the layer
/// stands in the wrong place.
#[derive(Clone, Debug)]
pub struct CheckLimits(Limiters);

impl Decide for CheckLimits {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        let trail = request.trail();
        let mut late = self.0.iter().filter(|limiter| limiter.phase() == Phase::Identity);
        let wants_identity = late.any(|limiter| trail.enforces(limiter.mode()));
        if wants_identity && matches!(trail.authentication(), Authentication::NotAsked) {
            let denial = Denial::misconfigured(
                "a limit that is asked after authentication, but none ran: put the authentication layer before it",
            );
            trail.denied(Room::Limit, &denial);
            return Step::Done(Err(denial));
        }
        self.0.check_all(request)
    }
}
