//! Policies that are not enforced for a request: what they say is noted, and nothing else comes of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use portcullis_core::{Decision, Principal, Room, Step, Trail};

use super::deadline::at_once;
use super::policy::Policy;
use super::steps::{Asked, in_time, nobody_waits, unenforced};
use super::target::OwnedTarget;
use crate::beside::{self, Contained, Places, Tell, not_awaited};

/// How many decisions that change nothing the guards of a process wait for at once, beside the requests; what would be one
/// more is not waited for, and noted as a failure. They outlast the caps on requests in flight, so that this is all that keeps
/// them from the backend that enforced decisions ask. How many of them reach a decision point is up to it: see
/// [`Question::is_watched`](crate::Question::is_watched).
pub const MAX_WATCHED_POLICIES: usize = 64;

/// Policies come and go with the requests, so that no one of them could count.
static PLACES: LazyLock<Places> = LazyLock::new(|| Places::new(MAX_WATCHED_POLICIES));

/// Asks, and notes what would have been. Nobody waits for the policy, unless it says that it is to be waited for.
pub(super) async fn watch<A, R, P: Policy<A, R>>(
    (trail, policy): (&Trail, &P),
    caller: &Principal,
    resource: &R,
    asked: &Asked<'_>,
) {
    let decision = match begin((trail, policy), caller, resource, asked) {
        Begun::Told => return,
        Begun::Known(decision) => decision,
        Begun::Borrows => {
            let awaited = || policy.danger_await_unenforced().then(|| policy.decide_async(caller, resource));
            match safely(awaited) {
                Ok(Some(decision)) => {
                    in_time(asked.deadline, Contained::new::<OwnedTarget>(Box::pin(decision))).await
                }
                Ok(None) => once(policy, caller, resource).unwrap_or_else(|| not_awaited(HOLDS)),
                Err(panicked) => panicked,
            }
        }
    };
    note(trail, asked, &decision);
}

/// The same, where nobody can wait.
pub(super) fn watch_now<A, R, P: Policy<A, R>>(
    (trail, policy): (&Trail, &P),
    caller: &Principal,
    resource: &R,
    asked: &Asked<'_>,
) {
    let decision = match begin((trail, policy), caller, resource, asked) {
        Begun::Told => return,
        Begun::Known(decision) => decision,
        Begun::Borrows => once(policy, caller, resource).unwrap_or_else(nobody_waits),
    };
    note(trail, asked, &decision);
}

/// Said of a policy that has to wait, and cannot be asked without the resource.
const HOLDS: &str = "the policy is not enforced, and holds on to the resource while it waits; see P279";

/// How far it came without the resource.
enum Begun {
    /// The decision is noted, or will be.
    Told,
    Known(Decision),
    /// The policy does nothing without the resource.
    Borrows,
}

fn begin<A, R, P: Policy<A, R>>(
    (trail, policy): (&Trail, &P),
    caller: &Principal,
    resource: &R,
    asked: &Asked<'_>,
) -> Begun {
    match safely(|| policy.decide_detached(caller, resource)) {
        Err(panicked) => Begun::Known(panicked),
        Ok(None) => Begun::Borrows,
        Ok(Some(Step::Done(decision))) => Begun::Known(decision),
        Ok(Some(Step::Wait(wait))) => {
            PLACES.beside(asked.target.owned(), Box::pin(in_time(asked.deadline, wait)), trail);
            Begun::Told
        }
    }
}

/// What it decides when it is polled once. `None` if it has to wait: it is let go of.
fn once<A, R, P: Policy<A, R>>(policy: &P, caller: &Principal, resource: &R) -> Option<Decision> {
    safely(|| at_once(policy.decide_async(caller, resource))).unwrap_or_else(Some)
}

fn note(trail: &Trail, asked: &Asked<'_>, decision: &Decision) {
    trail.note(Room::Guard, unenforced(asked.target, decision), false);
}

impl Tell for OwnedTarget {
    const ROOM: Room = Room::Guard;
    const PANICKED: &'static str = "the policy panicked";

    fn noted(self, decision: &Decision, _: Option<&Principal>) -> Decision {
        unenforced(self.lent(), decision)
    }
}

/// What panics is asked no more, and has failed. What is asked is only read.
pub(super) fn safely<T>(ask: impl FnOnce() -> T) -> Result<T, Decision> {
    catch_unwind(AssertUnwindSafe(ask)).map_err(|_| beside::panicked::<OwnedTarget>())
}
