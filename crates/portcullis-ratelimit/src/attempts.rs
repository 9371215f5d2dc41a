//! Attempts to log in, limited between parsing a credential and verifying it.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use portcullis_core::{Attempt, AttemptGuard, AttemptOutcome, Denial, Reason, Step};
use smallvec::SmallVec;

use crate::limiter::{Charge, Limiter, Phase};
use crate::limiters::{Limiters, Refusal, report};

/// Counts an attempt on the user that it names; limits of other phases do not count attempts.
///
/// A refusal is 429 `attempts_exceeded` with `Retry-After`, the same for users that exist and those that do
/// not. An attempt that is refused costs nothing; every other costs one, unless
/// [`Limit::refund_success`](crate::Limit::refund_success) was asked for. What it counted goes to the Trail of
/// the attempt, if it names one, and so do the response fields; the refusal itself is noted by whoever asked.
impl AttemptGuard for Limiter {
    fn before(&self, attempt: &Attempt) -> Step<Result<(), Denial>> {
        Step::Done(before_all(std::slice::from_ref(self), attempt))
    }

    fn after(&self, attempt: &Attempt, outcome: AttemptOutcome) {
        if outcome == AttemptOutcome::Succeeded && self.refunds_success() && self.phase() == Phase::Attempt {
            self.refund_attempt(&attempt.identifier);
        }
    }
}

/// Counts an attempt in every limit on attempts, or, if one of them refuses it, in none.
impl AttemptGuard for Limiters {
    fn before(&self, attempt: &Attempt) -> Step<Result<(), Denial>> {
        Step::Done(before_all(self.as_slice(), attempt))
    }

    fn after(&self, attempt: &Attempt, outcome: AttemptOutcome) {
        for limiter in self.iter() {
            limiter.after(attempt, outcome);
        }
    }
}

fn before_all(limiters: &[Limiter], attempt: &Attempt) -> Result<(), Denial> {
    let limiters = || limiters.iter().filter(|limiter| limiter.phase() == Phase::Attempt);
    let mut charges: SmallVec<[Charge; 2]> =
        limiters().map(|limiter| limiter.charge_attempt(&attempt.identifier)).collect();
    let enforced = |limiter: &Limiter| limiter.mode().enforces(sample(attempt));
    let mut refusal = Refusal::default();
    for (limiter, charge) in limiters().zip(&charges).filter(|(limiter, _)| enforced(limiter)) {
        refusal.add(limiter, charge.outcome.verdict);
    }
    if !refusal.is_empty() {
        for (limiter, charge) in limiters().zip(&mut charges) {
            limiter.refund(charge);
        }
    }
    if let Some(trail) = attempt.trail() {
        for (limiter, charge) in limiters().zip(&charges) {
            report(limiter, charge, trail, enforced(limiter), Reason::AttemptsExceeded, None);
        }
    }
    if refusal.is_empty() { Ok(()) } else { Err(refusal.into_denial(Reason::AttemptsExceeded)) }
}

/// An evenly spread number, for [`Mode::Percent`](portcullis_core::Mode::Percent): the same for every attempt
/// on one user, so that each user is either limited or not.
fn sample(attempt: &Attempt) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(&attempt.identifier)
}
