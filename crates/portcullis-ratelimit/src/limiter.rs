//! A limit at work.

use std::fmt;
use std::slice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_core::{
    Clock, ConfigCode, ConfigError, ConfigErrors, Denial, Mode, Reason, RequestView, Step,
};

use crate::budget::{Budget, Outcome, Verdict};
use crate::described::{Beyond, Described};
use crate::fields::Fields;
use crate::key::LimitKey;
use crate::limit::{Cost, Limit};
use crate::limiters::{Reading, check_all};
use crate::seed::Seed;

/// Where in a request's way a limit is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever composes limits must place every one of them")]
pub enum Phase {
    /// Before authentication: it needs no identity.
    Anonymous,
    /// Between parsing and verifying a credential, through
    /// [`AttemptGuard`](portcullis_core::AttemptGuard).
    Attempt,
    /// After authentication.
    Identity,
}

/// A limit with its buckets. Clones share them.
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    key: LimitKey,
    seed: Seed,
    budget: Budget,
    mode: Mode,
    cost: Option<Cost>,
    fields: Option<Fields>,
    refund_success: bool,
    described: Arc<Described>,
    /// The refusal of requests beyond this limit and within all others, but for when to try again.
    exceeded: Denial,
}

/// What a limiter was asked, and what it answered.
#[derive(Clone, Copy)]
pub(crate) struct Charge {
    pub(crate) hash: u64,
    pub(crate) cost: u32,
    pub(crate) outcome: Outcome,
}

impl Charge {
    pub(crate) fn is_within(&self) -> bool {
        self.outcome.verdict == Verdict::Within
    }
}

impl Limiter {
    pub(crate) fn new(limit: &Limit, clock: &Clock) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let name = limit.name.as_ref().unwrap_or(&limit.key.label);
        let fields = errors.take(Fields::new(name, limit));
        errors.extend(limit.key.lint());
        if limit.refund_success && limit.key.phase != Phase::Attempt {
            let message =
                format!("limit `{name}` gives back successful attempts, but counts no `attempted_user`");
            errors.push(ConfigError::new(ConfigCode::LimitNeverApplies, message));
        }
        let budget = errors.take(Budget::new(limit, clock));
        let (Some(fields), Some(budget), true) = (fields, budget, errors.is_empty()) else {
            return Err(errors);
        };
        let described = Described::new(name, limit.described());
        let refusal = Denial::new(exceeded(limit.key.phase)).violated_policy(Arc::clone(name));
        let refusal = refusal.with_explanation(described.explained(Beyond::UsedUp)).prepared();
        let fields = limit.fields.then(|| fields.expecting(budget.after_one()));
        Ok(Self(Arc::new(Inner {
            name: Arc::clone(name),
            key: limit.key.clone(),
            seed: Seed::random(),
            budget,
            mode: limit.mode,
            cost: limit.cost.clone(),
            fields,
            refund_success: limit.refund_success,
            described,
            exceeded: refusal,
        })))
    }

    /// The name of the quota.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// Where it is to be asked.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.key.phase
    }

    /// Counts the request, and says whether it is within the quota.
    ///
    /// It writes to the Trail what it counted, the response fields, and a refusal. What is refused costs
    /// nothing.
    ///
    /// # Errors
    /// 429 `quota_exceeded` with `Retry-After`; 413 `cost_exceeds_quota`; 500 `misconfigured` for an unknown
    /// client that is to be refused and for a limit on attempts, which is asked through
    /// [`AttemptGuard`](portcullis_core::AttemptGuard) instead.
    pub fn check(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Step::Done(check_all(slice::from_ref(self), request, Reading::default()))
    }

    /// The clock by which its buckets fill.
    pub(crate) fn clock(&self) -> &Clock {
        self.0.budget.clock()
    }

    /// The time by that clock, as exact as it needs it.
    pub(crate) fn now(&self) -> Instant {
        self.0.budget.now()
    }

    /// Whether a coarse reading of the clock will do.
    pub(crate) fn takes_coarse(&self) -> bool {
        self.0.budget.takes_coarse()
    }

    /// Takes what the request costs at that time.
    #[inline]
    pub(crate) fn charge(&self, request: &RequestView<'_>, now: Instant) -> Result<Charge, Denial> {
        let hash = self.0.key.of_request(request, &self.0.seed)?;
        let cost = self.0.cost.as_ref().map_or(1, |cost| cost(request));
        Ok(Charge { hash, cost, outcome: self.0.budget.take_at(now, hash, cost) })
    }

    /// Takes one for an attempt on the user of that name.
    pub(crate) fn charge_attempt(&self, identifier: &str) -> Charge {
        let hash = LimitKey::of_attempt(identifier, &self.0.seed);
        Charge { hash, cost: 1, outcome: self.0.budget.take(hash, 1) }
    }

    /// Gives back what an attempt on the user of that name took.
    pub(crate) fn refund_attempt(&self, identifier: &str) {
        self.0.budget.give_back(LimitKey::of_attempt(identifier, &self.0.seed), 1);
    }

    /// Gives back what was taken, if anything was, and notes the level after it.
    pub(crate) fn refund(&self, charge: &mut Charge) {
        if charge.is_within() {
            charge.outcome.level = self.0.budget.give_back(charge.hash, charge.cost);
        }
    }

    /// Whose refusals count.
    pub(crate) fn mode(&self) -> Mode {
        self.0.mode
    }

    pub(crate) fn refunds_success(&self) -> bool {
        self.0.refund_success
    }

    /// The refusal of a request that is beyond this limit alone, and may come again after so long.
    pub(crate) fn refusal(&self, wait: Duration) -> Denial {
        self.0.exceeded.clone().retry_after(wait)
    }

    /// As audit events and metrics call it.
    pub(crate) fn described(&self) -> &Arc<Described> {
        &self.0.described
    }

    pub(crate) fn fields(&self) -> Option<&Fields> {
        self.0.fields.as_ref()
    }
}

/// Why a limit that is asked in this phase refuses what it would let in later.
fn exceeded(phase: Phase) -> Reason {
    match phase {
        Phase::Attempt => Reason::AttemptsExceeded,
        Phase::Anonymous | Phase::Identity => Reason::QuotaExceeded,
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("name", &self.0.name)
            .field("key", &self.0.key)
            .field("budget", &self.0.budget)
            .field("mode", &self.0.mode)
            .finish_non_exhaustive()
    }
}
