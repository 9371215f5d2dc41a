//! What stands before a handler: the route's limits, authentication, the rule, questions to decision points.

use std::fmt;
use std::sync::Arc;

use http::{Request, request};
use portcullis_authn::RouteSchemes;
use portcullis_authz::engine::Ask;
use portcullis_authz::{PathParameters, Rule, Vocabulary};
use portcullis_core::{AttemptGuard, Decision, Denial, Reason, Refuse, RequestView, Room, Step, Wait};
use portcullis_ratelimit::Limiters;

/// The decision about one route, made from its [`RoutePolicy`](crate::RoutePolicy) by
/// [`Security::gate`](crate::Security::gate). Clones are free.
///
/// A router asks it after the match and before the handler's future is made: [`start`](Self::start) decides at
/// once if it can; if something must be waited for, it hands out a [`Pending`] for [`finish`](Self::finish).
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    checks: Checks,
    /// Whether there is nothing to check: a public route without limits.
    only_notes: bool,
    /// Whether a check looks at the parameters of the path.
    reads_parameters: bool,
}

/// The checks of a gate, in the order in which they are made.
pub(crate) struct Checks {
    pub(crate) route: Arc<str>,
    pub(crate) has_parameters: bool,
    pub(crate) early_limits: Limiters,
    /// `None` for a public route: no credential is looked at.
    pub(crate) schemes: Option<RouteSchemes>,
    pub(crate) attempts: Option<Arc<dyn AttemptGuard>>,
    pub(crate) late_limits: Limiters,
    /// Who is told why a request is refused.
    pub(crate) explain_denials_to: Option<Rule>,
    pub(crate) rule: Option<Rule>,
    /// Which scopes stand for others, for arguments of handlers.
    pub(crate) vocabulary: Vocabulary,
    /// Asked after the rule allowed, one after the other.
    pub(crate) asks: Vec<Ask>,
    pub(crate) refuse: Refuse,
}

/// A decision that waits for a backend.
pub struct Pending {
    check: usize,
    wait: Wait<Result<(), Denial>>,
}

/// How far a gate came without waiting.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "every router must handle both, and there is no third")]
pub enum Progress {
    /// Decided.
    Done(Result<(), Denial>),
    /// To be finished by [`Gate::finish`].
    Wait(Pending),
}

impl Gate {
    pub(crate) fn new(checks: Checks) -> Self {
        let limited = !checks.early_limits.is_empty() || !checks.late_limits.is_empty();
        let only_notes = checks.schemes.is_none() && checks.rule.is_none() && !limited;
        let reads_parameters = checks.asks.iter().any(|ask| ask.path_parameters().next().is_some());
        Self(Arc::new(Inner { checks, only_notes, reads_parameters }))
    }

    /// The template of the route.
    #[must_use]
    pub fn route(&self) -> &Arc<str> {
        &self.0.checks.route
    }

    /// Whether a part of the path is a parameter: `/documents/{id}`.
    #[must_use]
    pub fn has_parameters(&self) -> bool {
        self.0.checks.has_parameters
    }

    /// Leaves the parameters of the path in the extensions, if a check looks at them, and takes away those of another
    /// route around this one. A router calls it before [`start`](Self::start), and [`admit`](Self::admit) once the request is
    /// let through.
    pub fn prepare<B>(&self, request: &mut Request<B>) {
        request.extensions_mut().remove::<PathParameters>();
        if self.0.reads_parameters {
            self.leave_parameters(request);
        }
    }

    /// Leaves the parameters of the path in the extensions for guards, if the route has any.
    pub fn admit<B>(&self, request: &mut Request<B>) {
        if self.0.checks.has_parameters && !self.0.reads_parameters {
            self.leave_parameters(request);
        }
    }

    fn leave_parameters<B>(&self, request: &mut Request<B>) {
        if let Some(parameters) = PathParameters::read(self.route(), request.uri().path()) {
            request.extensions_mut().insert(parameters);
        }
    }

    /// How refusals are answered.
    #[must_use]
    pub fn refuse(&self) -> &Refuse {
        &self.0.checks.refuse
    }

    /// Makes the checks in order, up to the first that refuses or must wait.
    #[must_use]
    pub fn start(&self, request: &RequestView<'_>) -> Progress {
        let route = Arc::clone(&self.0.checks.route);
        if self.0.only_notes {
            request.trail().matched(route, Room::Rule, &Decision::allow(Reason::PublicRoute));
            return Progress::Done(Ok(()));
        }
        request.trail().set_route(route);
        self.run(0, request)
    }

    /// Waits, then makes the remaining checks.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn finish(&self, mut pending: Pending, head: &request::Parts) -> Result<(), Denial> {
        loop {
            pending.wait.await?;
            match self.run(pending.check + 1, &RequestView::of_parts(head)?) {
                Progress::Done(result) => return result,
                Progress::Wait(next) => pending = next,
            }
        }
    }

    fn run(&self, first: usize, request: &RequestView<'_>) -> Progress {
        let request = request.with_attempts(self.0.checks.attempts.as_ref());
        let mut check = first;
        while let Some(step) = self.0.checks.check(check, &request) {
            match step {
                Step::Done(Ok(())) => check += 1,
                Step::Done(Err(denial)) => return Progress::Done(Err(denial)),
                Step::Wait(wait) => return Progress::Wait(Pending { check, wait }),
            }
        }
        Progress::Done(Ok(()))
    }
}

impl Checks {
    /// The check of that number; `None` when all are made.
    fn check(&self, number: usize, request: &RequestView<'_>) -> Option<Step<Result<(), Denial>>> {
        match number {
            0 => Some(limit(&self.early_limits, request)),
            1 => Some(self.authenticate(request)),
            2 => Some(limit(&self.late_limits, request)),
            3 => Some(Step::Done(self.decide(request))),
            asked => self.asks.get(asked - 4).map(|ask| ask.decide(request)),
        }
    }

    fn authenticate(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        match &self.schemes {
            None => Step::Done(Ok(())),
            Some(schemes) => schemes.authenticate(request),
        }
    }

    fn decide(&self, request: &RequestView<'_>) -> Result<(), Denial> {
        match &self.rule {
            None => {
                request.trail().decided(Room::Rule, &Decision::allow(Reason::PublicRoute));
                Ok(())
            }
            Some(rule) => {
                self.vocabulary.speak_to(request.trail());
                if let Some(may_see) = &self.explain_denials_to
                    && may_see.evaluate(request).is_allowed()
                {
                    request.trail().disclose();
                }
                rule.decide(request)
            }
        }
    }
}

fn limit(limits: &Limiters, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
    if limits.is_empty() { Step::Done(Ok(())) } else { limits.check_all(request) }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("route", &self.0.checks.route).finish_non_exhaustive()
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("check", &self.check).finish_non_exhaustive()
    }
}
