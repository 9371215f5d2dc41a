//! The steps of every guard: who asks, what for, what the policy says, and how that is told.

use std::future::Future;
use std::time::Duration;

use portcullis_core::{
    Authentication, Decision, Denial, Explained, Principal, Reason, Room, Scopes, StoreError, Trail,
};

use super::absent::StandIn;
use super::asking::Asking;
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
/// can be told from the other by the work that is done.
pub(super) async fn decide_found<A, R: Resource, P: Policy<A, R>, Parent>(
    (trail, policy): (&Trail, &P),
    caller: &Principal,
    found: Option<R>,
    missing: &Missing<'_, R, Parent>,
    asked: &Asked<'_>,
) -> Result<R, Denial> {
    let own = policy.in_request(&asked.asking(trail));
    let policy = own.as_ref().unwrap_or(policy);
    let enforced = trail.enforces(policy.mode());
    let found = match found {
        Some(resource) if !enforced => {
            watched::watch((trail, policy), caller, &resource, asked).await;
            return Ok(resource);
        }
        found => found,
    };
    let hides = enforced && asked.on_deny == OnDeny::Hide;
    let stand_in = if hides && found.is_none() { missing.stand_in.make() } else { None };
    let decide = async {
        match &found {
            Some(resource) => policy.decide_async(caller, resource).await,
            None if hides => policy.decide_absent(caller, stand_in.as_ref()).await,
            // A policy that is not enforced hides nothing.
            None => Decision::deny(Reason::ResourceNotFound),
        }
    };
    let decision = if hides && !P::WAITS && missing.stand_in.is_unsaid() {
        at_once(decide).unwrap_or_else(waits_all_the_same)
    } else {
        in_time(asked.deadline, decide).await
    };
    match found {
        Some(resource) => {
            settled(trail, asked, &decision, Reason::ResourceHidden, &Said::Policy(&decision))?;
            Ok(resource)
        }
        None => Err(not_found(trail, asked, (&decision, stand_in.is_some()), missing.tenant)),
    }
}

/// What there is to say of a resource if it is not there.
pub(super) struct Missing<'m, R: Resource, Parent> {
    pub(super) stand_in: StandIn<'m, R, Parent>,
    /// The caller, where callers see their own tenant's resources alone.
    pub(super) tenant: Option<&'m Principal>,
}

fn waits_all_the_same() -> Decision {
    Decision::deny(Reason::Misconfigured).because(
        "the policy waits, which tells what is hidden from what does not exist: let it say so, `const WAITS: bool = true`, and \
         the resource say what stands in, `const ABSENT`",
    )
}

/// The refusal of what is not there: whatever was said of its stand-in is left aside, unless nobody could say anything.
fn not_found(
    trail: &Trail,
    asked: &Asked<'_>,
    (said, of_stand_in): (&Decision, bool),
    tenant: Option<&Principal>,
) -> Denial {
    let failed = failure_of(said);
    let answer = failed.unwrap_or(Reason::ResourceNotFound);
    let text = match (failed, tenant) {
        (None, Some(caller)) => Said::NotIn(caller.tenant(), of_stand_in.then_some(said)),
        _ if of_stand_in => Said::StandIn(answer, said),
        _ => Said::Policy(said),
    };
    let text = asked.target.refused(answer, &text, said.explanation().cloned());
    answered(trail, told(Denial::new(answer), text))
}

/// The refusal of what is there, but not for this caller.
pub(super) fn not_reached(trail: &Trail, target: Target<'_>, tenant: Option<&Principal>) -> Denial {
    let reason = Reason::ResourceNotFound;
    let said = match tenant {
        Some(caller) => Said::NotIn(caller.tenant(), None),
        None => Said::Why("not within the caller's reach"),
    };
    answered(trail, told(Denial::new(reason), target.refused(reason, &said, None)))
}

/// Asks the policy, and says how to refuse. Whatever one says that is not enforced refuses nothing.
pub(super) async fn decide<A, R, P: Policy<A, R>>(
    (trail, policy): (&Trail, &P),
    caller: &Principal,
    resource: &R,
    asked: &Asked<'_>,
) -> Result<(), Denial> {
    let own = policy.in_request(&asked.asking(trail));
    let policy = own.as_ref().unwrap_or(policy);
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
    let own = policy.in_request(&asked.asking(trail));
    let policy = own.as_ref().unwrap_or(policy);
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

impl<'t> Asked<'t> {
    const fn asking<'a>(&'a self, trail: &'a Trail) -> Asking<'a>
    where
        't: 'a,
    {
        Asking::new(trail, self.target.id(), matches!(self.on_deny, OnDeny::Hide))
    }
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
    let hides = failure_of(decision).is_none() && asked.on_deny == OnDeny::Hide;
    let answer = if hides { hidden } else { reason };
    let text = asked.target.refused(reason, said, decision.explanation().cloned());
    answered(trail, told(Denial::new(answer), text))
}

/// The failure that a refusal is.
fn failure_of(decision: &Decision) -> Option<Reason> {
    if decision.is_allowed() {
        return None;
    }
    let reason = refusal_of(decision);
    let is_failure = reason.problem().is_none_or(|problem| problem.status().is_server_error());
    is_failure.then_some(reason)
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
