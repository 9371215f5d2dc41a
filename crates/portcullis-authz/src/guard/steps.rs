//! The steps of every guard: who asks, what for, what the policy says, and how that is told.

use std::future::Future;
use std::time::Duration;

use portcullis_core::{
    Authentication, Decision, Denial, Explained, Principal, Reason, Room, Scopes, StoreError, Trail,
};

use super::deadline::{Waited, at_once, within};
use super::policy::Policy;
use super::resource::{OnDeny, Resource};
use super::source::MAX_IDENTIFIER;
use super::target::{Said, Target};
use super::watched;
use crate::refusal;

/// The caller. Without one nothing is loaded or read.
pub(super) fn caller(trail: &Trail) -> Result<&Principal, Denial> {
    let denial = match trail.authentication() {
        Authentication::Known(caller) => return Ok(caller),
        Authentication::Anonymous => refusal::with_challenges_of(
            trail,
            Denial::new(Reason::MissingCredentials).explained("a guard asks for the caller"),
            &Scopes::EMPTY,
        ),
        Authentication::NotAsked => Denial::misconfigured(
            "a guard asks for the caller, but no authentication ran: the route is public",
        ),
    };
    Err(noted(trail, denial))
}

/// The identifier. Text that is none names nothing.
pub(super) fn parsed<R: Resource>(trail: &Trail, target: Target<'_>, id: &str) -> Result<R::Id, Denial> {
    if id.len() > MAX_IDENTIFIER {
        return Err(unnamed(trail, target, "the identifier is too long"));
    }
    id.parse().map_err(|_| unnamed(trail, target, "the identifier does not parse"))
}

/// What the store has, in time; `None` if it has nothing.
pub(super) async fn loaded<R>(
    trail: &Trail,
    target: Target<'_>,
    deadline: Duration,
    load: impl Future<Output = Result<Option<R>, StoreError>>,
) -> Result<Option<R>, Denial> {
    let failed = |denial: Denial, said: &Said<'_>| {
        let refused = target.refused(denial.reason(), said, None);
        told(denial, refused)
    };
    let denial = match within(deadline, load).await {
        Waited::Answered(Ok(found)) => return Ok(found),
        Waited::Answered(Err(error)) => failed(error.into_denial(Reason::StoreUnavailable), &Said::Nothing),
        Waited::Elapsed => {
            let late = format!("nothing was loaded within {deadline:?}");
            failed(Denial::new(Reason::StoreDeadlineExceeded), &Said::Why(&late))
        }
        #[cfg(feature = "deadlines")]
        Waited::NoTimer => Denial::misconfigured(NO_TIMER),
    };
    Err(noted(trail, denial))
}

/// Asks the policy about what was found, and says how to refuse it. What was not found takes the same way, so that neither
/// can be told from the other by the work that is done. `tenant` is said where callers see their own tenant's resources alone.
pub(super) async fn decide_found<A, R: Resource, P: Policy<A, R>>(
    (trail, policy): (&Trail, &P),
    caller: &Principal,
    found: Option<R>,
    tenant: Option<&Principal>,
    asked: &Asked<'_>,
) -> Result<R, Denial> {
    let enforced = trail.enforces(policy.mode());
    let found = match found {
        Some(resource) if !enforced => {
            watched::watch((trail, policy), caller, &resource, asked).await;
            return Ok(resource);
        }
        found => found,
    };
    let hides = enforced && asked.on_deny == OnDeny::Hide;
    let decide = async {
        match &found {
            Some(resource) => policy.decide_async(caller, resource).await,
            None => unasked(policy, caller, hides),
        }
    };
    let decision = in_time(asked.deadline, decide).await;
    let (hidden, said) = match (&found, tenant) {
        (Some(_), _) => (Reason::ResourceHidden, Said::Policy(&decision)),
        (None, None) => (Reason::ResourceNotFound, Said::Policy(&decision)),
        (None, Some(caller)) => (Reason::ResourceNotFound, Said::NotIn(caller.tenant())),
    };
    settled(trail, asked, &decision, hidden, &said)?;
    // INVARIANT: what was not found was refused above.
    found.ok_or_else(|| Denial::new(Reason::InternalError))
}

/// A decision about what is not there: what the policy would have been asked. A policy that is not enforced hides nothing.
fn unasked<A, R, P: Policy<A, R>>(policy: &P, caller: &Principal, hides: bool) -> Decision {
    let absent = Decision::deny(Reason::ResourceNotFound);
    if !hides {
        return absent;
    }
    match policy.explain_absent(caller) {
        Some(tree) => absent.explained(tree),
        None => absent,
    }
}

/// Asks the policy, and says how to refuse. Whatever one says that is not enforced refuses nothing.
pub(super) async fn decide<A, R, P: Policy<A, R>>(
    (trail, policy): (&Trail, &P),
    caller: &Principal,
    resource: &R,
    asked: &Asked<'_>,
) -> Result<(), Denial> {
    if !trail.enforces(policy.mode()) {
        watched::watch((trail, policy), caller, resource, asked).await;
        return Ok(());
    }
    let decision = in_time(asked.deadline, policy.decide_async(caller, resource)).await;
    settled(trail, asked, &decision, Reason::ResourceHidden, &Said::Policy(&decision))
}

/// The same, where nobody can wait.
pub(super) fn decide_now<A, R, P: Policy<A, R>>(
    (trail, policy): (&Trail, &P),
    caller: &Principal,
    resource: &R,
    asked: &Asked<'_>,
) -> Result<(), Denial> {
    if !trail.enforces(policy.mode()) {
        watched::watch_now((trail, policy), caller, resource, asked);
        return Ok(());
    }
    let decision = at_once(policy.decide_async(caller, resource)).unwrap_or_else(nobody_waits);
    settled(trail, asked, &decision, Reason::ResourceHidden, &Said::Policy(&decision))
}

pub(super) fn nobody_waits() -> Decision {
    Decision::deny(Reason::Misconfigured).because(
        "the policy has to wait, but was asked where nobody can: use the guard's methods that are async",
    )
}

/// A policy that is late has failed.
pub(super) async fn in_time(deadline: Duration, decision: impl Future<Output = Decision>) -> Decision {
    match within(deadline, decision).await {
        Waited::Answered(decision) => decision,
        Waited::Elapsed => Decision::deny(Reason::PolicyDeadlineExceeded)
            .because(format!("the policy did not decide within {deadline:?}")),
        #[cfg(feature = "deadlines")]
        Waited::NoTimer => Decision::deny(Reason::Misconfigured).because(NO_TIMER),
    }
}

/// A question to a policy.
pub(super) struct Asked<'t> {
    pub(super) target: Target<'t>,
    pub(super) on_deny: OnDeny,
    pub(super) deadline: Duration,
}

/// What is enforced, as the resource wants it. Where that hides, a refusal is answered as `hidden`.
#[inline]
fn settled(
    trail: &Trail,
    asked: &Asked<'_>,
    decision: &Decision,
    hidden: Reason,
    said: &Said<'_>,
) -> Result<(), Denial> {
    if !decision.is_allowed() {
        return Err(refused(trail, asked, decision, hidden, said));
    }
    let (detail, tree) = asked.target.allowed(decision);
    trail.note_allowed(Room::Guard, decision.reason(), true, || (Some(detail), tree));
    Ok(())
}

/// A decision as it would have been told, had it been enforced.
pub(super) fn unenforced(target: Target<'_>, decision: &Decision) -> Decision {
    if decision.is_allowed() {
        let (detail, tree) = target.allowed(decision);
        let allowed = Decision::allow(decision.reason()).because(detail);
        return match tree {
            Some(tree) => allowed.explained(tree),
            None => allowed,
        };
    }
    let reason = refusal_of(decision);
    let (detail, tree) = target.refused(reason, &Said::Policy(decision), decision.explanation().cloned());
    Decision::deny(reason).because(detail).explained(tree)
}

/// The refusal of a decision: the same answer for what is hidden and what is absent, and as dear.
fn refused(trail: &Trail, asked: &Asked<'_>, decision: &Decision, hidden: Reason, said: &Said<'_>) -> Denial {
    let reason = refusal_of(decision);
    // A failure is no refusal; it is not hidden behind one either.
    let is_failure = reason.problem().is_none_or(|problem| problem.status().is_server_error());
    let answer = if !is_failure && asked.on_deny == OnDeny::Hide { hidden } else { reason };
    let text = asked.target.refused(reason, said, decision.explanation().cloned());
    answered(trail, told(Denial::new(answer), text))
}

fn told(denial: Denial, (detail, tree): (String, Explained)) -> Denial {
    denial.explained(detail).with_explanation(tree)
}

fn answered(trail: &Trail, denial: Denial) -> Denial {
    refusal::with_challenges_of(trail, noted(trail, denial), &Scopes::EMPTY)
}

/// A refusal that gives a reason to allow is a mistake of the policy.
fn refusal_of(decision: &Decision) -> Reason {
    let reason = decision.reason();
    if reason.problem().is_none() { Reason::InternalError } else { reason }
}

/// Text that names nothing.
fn unnamed(trail: &Trail, target: Target<'_>, why: &str) -> Denial {
    let reason = Reason::ResourceNotFound;
    answered(trail, told(Denial::new(reason), target.refused(reason, &Said::Why(why), None)))
}

pub(super) fn noted(trail: &Trail, denial: Denial) -> Denial {
    trail.denied(Room::Guard, &denial);
    denial
}

#[cfg(feature = "deadlines")]
const NO_TIMER: &str =
    "a guard has to wait, but no tokio runtime with time enabled is there to keep its deadline";
