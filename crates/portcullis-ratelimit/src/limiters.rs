//! Several limits on one request: all are counted, or none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_core::{
    Clock, ConfigCode, ConfigError, ConfigErrors, Decision, Denial, Explanation, Finding, Reason,
    RequestView, Room, Step, Trail, TrailLimit,
};
use smallvec::SmallVec;

use crate::budget::Verdict;
use crate::described::Beyond;
use crate::limit::Limit;
use crate::limiter::{Charge, Limiter, Phase};

/// Limits that are asked together. Clones share their buckets.
#[derive(Clone, Debug)]
pub struct Limiters(Arc<[Limiter]>);

impl Limiters {
    /// Limits that are asked together, in this order.
    ///
    /// # Errors
    /// P305 if two have the same name.
    pub fn new(limiters: impl IntoIterator<Item = Limiter>) -> Result<Self, ConfigErrors> {
        let limiters: Vec<Limiter> = limiters.into_iter().collect();
        let mut errors = ConfigErrors::new();
        let mut names: Vec<&str> = limiters.iter().map(|limiter| limiter.name().as_ref()).collect();
        names.sort_unstable();
        for same in names.chunk_by(|a, b| a == b) {
            if let [name, _, ..] = same {
                let message = format!("two quotas of one request are named `{name}`");
                errors.push(ConfigError::new(ConfigCode::DuplicateQuotaName, message));
            }
        }
        errors.into_result(Self(limiters.into()))
    }

    /// Builds limits that are asked together, in this order.
    ///
    /// # Errors
    /// Everything that is wrong with each of them (see [`Limit::build`]); P305 if two have the same name.
    pub fn build<'a>(
        limits: impl IntoIterator<Item = &'a Limit>,
        clock: &Clock,
    ) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let limiters: Vec<Limiter> =
            limits.into_iter().filter_map(|limit| errors.take(limit.build(clock))).collect();
        match Self::new(limiters) {
            Ok(together) => errors.into_result(together),
            Err(duplicates) => {
                errors.extend(duplicates);
                Err(errors)
            }
        }
    }

    /// Those that are asked in this phase.
    #[must_use]
    pub fn of_phase(&self, phase: Phase) -> Self {
        Self(self.0.iter().filter(|limiter| limiter.phase() == phase).cloned().collect())
    }

    /// The limits, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Limiter> {
        self.0.iter()
    }

    pub(crate) fn as_slice(&self) -> &[Limiter] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts the request in every limit if it is within all of them, and in none if it is not.
    ///
    /// For the time of one call, a request that is refused may hold what it is about to give back; a parallel
    /// request can be refused for it, never allowed.
    ///
    /// # Errors
    /// As [`Limiter::check`], naming every quota that was used up and the longest wait.
    pub fn check_all(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Step::Done(check_all(&self.0, request, Reading::default()))
    }

    /// As [`check_all`](Self::check_all), for whoever asks before anything could wait: a request is counted at the time
    /// at which it came, if its Trail has that, and the clock need not be read again.
    ///
    /// After a wait, this would be wrong. A request that waited would be refused for what has been refilled meanwhile,
    /// and clients could save up their quotas by requests that they finish late.
    ///
    /// # Errors
    /// As [`check_all`](Self::check_all).
    pub fn check_arrival(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        let reading = self.0.first().and_then(|limiter| {
            let clock = limiter.clock();
            Some(LastRead { clock, now: request.trail().arrived(clock)?, exact: true })
        });
        Step::Done(check_all(&self.0, request, Reading(reading)))
    }
}

pub(crate) fn check_all<'a>(
    limiters: &'a [Limiter],
    request: &RequestView<'_>,
    reading: Reading<'a>,
) -> Result<(), Denial> {
    match limiters {
        [] => Ok(()),
        [limiter] => check_one(limiter, request, reading),
        several => check_several(several, request, reading),
    }
}

/// The same as for several, but for what those have to remember of each other.
fn check_one<'a>(
    limiter: &'a Limiter,
    request: &RequestView<'_>,
    mut reading: Reading<'a>,
) -> Result<(), Denial> {
    let trail = request.trail();
    let enforced = enforced(limiter, trail);
    match limiter.charge(request, reading.by(limiter)) {
        Ok(charge) => {
            let refused = if enforced { refusal(limiter, charge.outcome.verdict) } else { None };
            report(limiter, &charge, trail, enforced, Reason::QuotaExceeded, refused.as_ref());
            refused.map_or(Ok(()), Err)
        }
        Err(denial) if enforced => {
            trail.denied(Room::Limit, &denial);
            Err(denial)
        }
        Err(denial) => {
            trail.shadowed(Room::Limit, &Decision::deny(denial.reason()));
            Ok(())
        }
    }
}

/// What a request is answered that is asked about one limit alone; `None` if it is within it.
fn refusal(limiter: &Limiter, verdict: Verdict) -> Option<Denial> {
    match verdict {
        Verdict::Within => None,
        Verdict::NotFor(wait) => Some(limiter.refusal(wait)),
        Verdict::Never => {
            let mut refusal = Refusal::default();
            refusal.add(limiter, verdict);
            Some(refusal.into_denial(Reason::QuotaExceeded))
        }
    }
}

fn check_several<'a>(
    limiters: &'a [Limiter],
    request: &RequestView<'_>,
    mut reading: Reading<'a>,
) -> Result<(), Denial> {
    let trail = request.trail();
    // `None` for a limit that could not be asked and is only watched.
    let mut charges = SmallVec::<[Option<Charge>; 4]>::new();
    let mut refusal = Refusal::default();
    for limiter in limiters {
        let enforced = enforced(limiter, trail);
        match limiter.charge(request, reading.by(limiter)) {
            Ok(charge) => {
                if enforced {
                    refusal.add(limiter, charge.outcome.verdict);
                }
                charges.push(Some(charge));
            }
            Err(denial) if enforced => {
                give_back(limiters, &mut charges);
                trail.denied(Room::Limit, &denial);
                return Err(denial);
            }
            Err(denial) => {
                trail.shadowed(Room::Limit, &Decision::deny(denial.reason()));
                charges.push(None);
            }
        }
    }
    if !refusal.is_empty() {
        give_back(limiters, &mut charges);
    }
    for (limiter, charge) in limiters.iter().zip(&charges) {
        if let Some(charge) = charge {
            report(limiter, charge, trail, enforced(limiter, trail), Reason::QuotaExceeded, None);
        }
    }
    if refusal.is_empty() {
        return Ok(());
    }
    let denial = refusal.into_denial(Reason::QuotaExceeded);
    trail.denied(Room::Limit, &denial);
    Err(denial)
}

fn give_back(limiters: &[Limiter], charges: &mut [Option<Charge>]) {
    for (limiter, charge) in limiters.iter().zip(charges) {
        if let Some(charge) = charge {
            limiter.refund(charge);
        }
    }
}

fn enforced(limiter: &Limiter, trail: &Trail) -> bool {
    trail.enforces(limiter.mode())
}

/// Writes to the Trail what was counted, and what the client is to be told of it. The reason is that of a
/// refusal that waiting would end. A refusal that is known by now is noted with it.
pub(crate) fn report(
    limiter: &Limiter,
    charge: &Charge,
    trail: &Trail,
    enforced: bool,
    reason: Reason,
    refused: Option<&Denial>,
) {
    let within = charge.is_within();
    let level = charge.outcome.level;
    trail.limited_telling(
        || TrailLimit::new(Arc::clone(limiter.name()), level.remaining.into(), within),
        |answer| {
            if let Some(fields) = limiter.fields().filter(|_| enforced) {
                fields.tell(level, answer);
            }
            if let Some(denial) = refused {
                answer.denied(Room::Limit, denial);
            }
        },
    );
    if !enforced && !within {
        let reason = match charge.outcome.verdict {
            Verdict::Never => Reason::CostExceedsQuota,
            Verdict::NotFor(_) | Verdict::Within => reason,
        };
        let never = reason == Reason::CostExceedsQuota;
        let explained = limiter.described().explained(if never { Beyond::Never } else { Beyond::UsedUp });
        let decision = Decision::deny(reason).because(limiter.name().to_string()).explained(explained);
        trail.note(Room::Limit, decision, false);
    }
}

/// What a clock said last: as a rule, all limits of a request have the same, and to read it costs more than the rest.
#[derive(Default)]
pub(crate) struct Reading<'a>(Option<LastRead<'a>>);

struct LastRead<'a> {
    clock: &'a Clock,
    now: Instant,
    /// It serves limits too that fill at once.
    exact: bool,
}

impl<'a> Reading<'a> {
    fn by(&mut self, limiter: &'a Limiter) -> Instant {
        let (clock, takes_coarse) = (limiter.clock(), limiter.takes_coarse());
        match &self.0 {
            Some(last) if last.clock.shares_source(clock) && (last.exact || takes_coarse) => last.now,
            _ => self.0.insert(LastRead { clock, now: limiter.now(), exact: !takes_coarse }).now,
        }
    }
}

/// What a refusal has to say.
#[derive(Default)]
pub(crate) struct Refusal<'a> {
    violated: SmallVec<[&'a Limiter; 4]>,
    wait: Duration,
    never: bool,
}

impl<'a> Refusal<'a> {
    pub(crate) fn add(&mut self, limiter: &'a Limiter, verdict: Verdict) {
        match verdict {
            Verdict::Within => return,
            Verdict::NotFor(wait) => self.wait = self.wait.max(wait),
            Verdict::Never => self.never = true,
        }
        self.violated.push(limiter);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.violated.is_empty()
    }

    pub(crate) fn into_denial(self, reason: Reason) -> Denial {
        let denial = match self.violated.as_slice() {
            // To try again would not help.
            _ if self.never => Denial::new(Reason::CostExceedsQuota),
            [limiter] => return limiter.refusal(self.wait),
            _ => Denial::new(reason).retry_after(self.wait),
        };
        let beyond = if self.never { Beyond::Never } else { Beyond::UsedUp };
        let denial = match self.violated.as_slice() {
            [limiter] => denial.with_explanation(limiter.described().explained(beyond)),
            several => denial.with_explanation(
                Explanation::new("all of", Finding::Fails)
                    .parts(several.iter().map(|limiter| limiter.described().tree(Beyond::UsedUp))),
            ),
        };
        let names = self.violated.iter().map(|limiter| Arc::clone(limiter.name()));
        names.fold(denial, Denial::violated_policy)
    }
}
