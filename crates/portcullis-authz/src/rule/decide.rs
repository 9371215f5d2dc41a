//! From a verdict to an answer, with a word to the Trail.

use portcullis_core::{Decision, Denial, Mode, Reason, RequestView, Room, Scopes};

use super::Rule;
use super::node::Node;
use super::tally;
use super::verdict::{Facts, Kind, Obstacle};
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
    /// - 403 `insufficient_role`, `insufficient_permission`, `claim_mismatch`, `token_unbound`, `user_required`,
    ///   `tenant_mismatch`, `condition_not_met`, `explicitly_denied`,
    /// - 403 `policy_denied`, if somebody calls where nobody may ([`anonymous`](crate::anonymous)),
    /// - the reason that a predicate gave with its status, a failure such as 503 `store_unavailable` included; 500
    ///   `internal_error`, if a predicate refused with a reason to allow,
    /// - 500 `misconfigured`, if no authentication ran, the rule is one that [`lint`](Self::lint) refuses, it was bound to
    ///   no vocabulary and asks for a scope, role or permission that the application does not know, or an attribute
    ///   cannot be told, such as a tenant by a parameter that the route does not have.
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
        if self.holds_at_once(request) {
            let said = || (None, Some(self.explained(tally::ONE_HOLDS)));
            request.trail().note_allowed(Room::Rule, Reason::RuleSatisfied, enforced, said);
            return Ok(());
        }
        self.decide_at_length(request, enforced)
    }

    /// Stands apart, so that what is decided at once need not make room for it.
    #[inline(never)]
    fn decide_at_length(&self, request: &RequestView<'_>, enforced: bool) -> Result<(), Denial> {
        let facts = Facts::noting(request);
        let verdict = if enforced {
            self.verdict(&facts)
        } else {
            match facts.ask_safely(|| self.verdict(&facts)) {
                Ok(verdict) => verdict,
                Err(panicked) => {
                    request.trail().note(Room::Rule, panicked, false);
                    return Ok(());
                }
            }
        };
        let Err(obstacle) = verdict else {
            request.trail().note(Room::Rule, self.allowed(&facts), enforced);
            return Ok(());
        };
        let kind = obstacle.kind;
        let decision = self.refused(obstacle, &facts);
        request.trail().note(Room::Rule, decision.clone(), enforced);
        if !enforced {
            return Ok(());
        }
        Err(self.deny(request, kind, &decision))
    }

    /// Whether the rule is a list of scopes alone, as most are, and the caller has them: then there is nothing to walk.
    #[inline]
    fn holds_at_once(&self, request: &RequestView<'_>) -> bool {
        let Node::Scopes(list) = self.node() else { return false };
        // A broken list may hold vacuously.
        !self.is_broken() && request.principal().is_some_and(|caller| list.is_satisfied_by(caller.scopes()))
    }

    /// The decision to allow; what was found is told when somebody asks.
    pub(super) fn allowed(&self, facts: &Facts<'_>) -> Decision {
        Decision::allow(Reason::RuleSatisfied).explained(self.explained(facts.tally.told(None)))
    }

    pub(super) fn refused(&self, obstacle: Obstacle<'_>, facts: &Facts<'_>) -> Decision {
        let told = facts.tally.told(Some(&obstacle));
        obstacle.into_decision().explained(self.explained(told))
    }

    fn deny(&self, request: &RequestView<'_>, kind: Kind, decision: &Decision) -> Denial {
        let detail = decision.detail().unwrap_or_default();
        if decision.reason() == Reason::Misconfigured {
            let denial = Denial::misconfigured(format!(
                "{detail}, but no authentication ran before, the application knows no such name, or the rule is one \
                 that `Rule::lint` refuses"
            ));
            return explained(denial, decision).disclosed_to(request);
        }
        let denial = explained(Denial::new(decision.reason()).explained(detail.to_owned()), decision);
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

fn explained(denial: Denial, decision: &Decision) -> Denial {
    match decision.explanation() {
        Some(explained) => denial.with_explanation(explained.clone()),
        None => denial,
    }
}
