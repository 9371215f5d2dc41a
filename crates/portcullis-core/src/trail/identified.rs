//! Who calls, told together with what goes with it.

use std::sync::Arc;

use super::{AlreadyAuthenticated, Room, Trail, TrailEntry};
use crate::Principal;
use crate::decision::Decision;

impl Trail {
    /// Says who calls, by a credential of the scheme of that name, and notes the decision:
    /// [`authenticated`](Self::authenticated), [`scheme`](Self::scheme) and [`note`](Self::note) in one turn of the lock.
    ///
    /// # Errors
    /// [`AlreadyAuthenticated`] if an authentication has spoken before; the first word stays, and nothing is noted.
    pub fn identified(
        &self,
        principal: Principal,
        scheme: &Arc<str>,
        decision: Decision,
    ) -> Result<(), AlreadyAuthenticated> {
        self.authenticated(principal)?;
        if let Some(mut state) = self.lock_open() {
            let (effect, reason, detail, explained) = decision.into_parts();
            state.scheme = Some(Arc::clone(scheme));
            let room = Room::Authentication;
            state.enter(TrailEntry { room, effect, reason, enforced: true, detail, explained });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, CredentialMethod, Reason};

    #[test]
    fn who_calls_by_which_scheme_and_why_is_noted_at_once_and_once() {
        let principal = |name| Principal::builder(name, CredentialMethod::Jwt).build();
        let decision = || Decision::allow(Reason::Authenticated).because("bound");
        let trail = Trail::open(&Clock::system());
        trail.identified(principal("alice"), &"token".into(), decision()).unwrap();
        trail.identified(principal("mallory"), &"other".into(), decision()).unwrap_err();
        assert_eq!(trail.principal().map(Principal::subject), Some("alice"));
        let plain = Trail::open(&Clock::system());
        plain.decided(Room::Authentication, &decision());
        let shown = |trail: &Trail| trail.read(|state| format!("{:?}", state.entries));
        assert_eq!(shown(&trail), shown(&plain));
        trail.read(|state| assert_eq!(state.scheme.as_deref(), Some("token")));
    }

    #[test]
    fn a_closed_trail_takes_the_caller_and_notes_nothing() {
        let trail = Trail::open(&Clock::system());
        trail.close();
        let alice = Principal::builder("alice", CredentialMethod::Jwt).build();
        trail.identified(alice, &"token".into(), Decision::allow(Reason::Authenticated)).unwrap();
        assert!(trail.principal().is_some());
        trail.read(|state| assert!(state.scheme.is_none() && state.entries.is_empty()));
    }
}
