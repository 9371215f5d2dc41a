//! From a verdict to an answer, with a word to the Trail.

use portcullis_core::{Decision, Denial, Mode, Reason, RequestView, Room, Scopes};

use super::Rule;
use super::verdict::{ALLOWED, Facts, Kind};
use super::wanted::Wanted;
use crate::refusal;

impl Rule {
    /// Asks the rule, notes the decision in the Trail, and says how to refuse.
    ///
    /// # Errors
    /// - 401 `missing_credentials` with the challenges of the route, if nobody said who calls,
    /// - 401 `authentication_too_weak` or `authentication_too_old` with the login that would do, if nothing but
    ///   another login is missing (RFC 9470 §3), and with the scopes, if some are missing too,
    /// - 403 `insufficient_scope` with the scopes that would do, if nothing else is missing (RFC 6750 §3.1),
    /// - 403 `insufficient_role`, `insufficient_permission`, `claim_mismatch`, `user_required`, `tenant_mismatch`,
    ///   `condition_not_met`, `explicitly_denied`, or the reason that a predicate gave,
    /// - 500 `misconfigured`, if no authentication ran or the rule is one that [`lint`](Self::lint) refuses.
    pub fn decide(&self, request: &RequestView<'_>) -> Result<(), Denial> {
        self.decide_as(request, Mode::Enforce)
    }

    /// Decides as [`decide`](Self::decide) does; a refusal that the mode does not enforce is noted in the Trail
    /// as a shadow and changes nothing.
    ///
    /// # Errors
    /// As [`decide`](Self::decide), for the requests for which the mode enforces.
    pub fn decide_as(&self, request: &RequestView<'_>, mode: Mode) -> Result<(), Denial> {
        let enforced = request.trail().enforces(mode);
        let Err(obstacle) = self.verdict(&Facts::noting(request)) else {
            note(request, &ALLOWED, enforced);
            return Ok(());
        };
        let kind = obstacle.kind;
        let decision = obstacle.into_decision();
        note(request, &decision, enforced);
        if !enforced {
            return Ok(());
        }
        Err(self.deny(request, kind, &decision))
    }

    fn deny(&self, request: &RequestView<'_>, kind: Kind, decision: &Decision) -> Denial {
        let detail = decision.detail().unwrap_or_default();
        if decision.reason() == Reason::Misconfigured {
            return Denial::misconfigured(format!(
                "{detail}, but no authentication ran before, or the rule is one that `Rule::lint` refuses"
            ));
        }
        let denial = Denial::new(decision.reason()).explained(detail.to_owned());
        let wanted = || self.wanted_of(request);
        match kind {
            Kind::Scope => {
                let scopes = wanted().map(Wanted::into_scopes).unwrap_or_default();
                refusal::with_challenges(request, denial, &scopes)
            }
            Kind::Assurance => {
                let step_up = wanted().map(Wanted::into_step_up).unwrap_or_default();
                refusal::with_step_up(request.trail(), denial, &step_up)
            }
            _ => refusal::with_challenges(request, denial, &Scopes::EMPTY),
        }
    }
}

fn note(request: &RequestView<'_>, decision: &Decision, enforced: bool) {
    if enforced {
        request.trail().decided(Room::Rule, decision);
    } else {
        request.trail().shadowed(Room::Rule, decision);
    }
}
