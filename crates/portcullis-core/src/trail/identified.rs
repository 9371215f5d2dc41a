//! Who calls, told together with what goes with it.

use std::sync::Arc;

use super::{AlreadyAuthenticated, Authentication, Room, Shared, Trail, TrailEntry};
use crate::Principal;
use crate::challenge::ChallengeSet;
use crate::decision::Decision;

/// What authentication said, written once.
pub(super) struct Spoken {
    pub(super) authentication: Authentication,
    /// The challenges of the route, unless they were [left](Trail::set_challenges) before.
    pub(super) challenges: Option<Arc<ChallengeSet>>,
}

impl Shared {
    #[inline]
    pub(super) fn speak(
        &self,
        authentication: Authentication,
        challenges: Option<Arc<ChallengeSet>>,
    ) -> Result<(), AlreadyAuthenticated> {
        self.spoken.set(Spoken { authentication, challenges }).map_err(|_| AlreadyAuthenticated)
    }
}

impl Trail {
    /// Leaves the challenges of the route for whoever refuses later. The first word counts.
    pub fn set_challenges(&self, challenges: Arc<ChallengeSet>) {
        let _ = self.0.challenges.set(challenges);
    }

    /// The challenges of the route.
    #[must_use]
    pub fn challenges(&self) -> Option<&Arc<ChallengeSet>> {
        self.0.challenges.get().or_else(|| self.0.spoken.get()?.challenges.as_ref())
    }

    /// Says who calls, by a credential of the scheme of that name, leaves the challenges of the route, and notes the
    /// decision: [`authenticated`](Self::authenticated), [`set_challenges`](Self::set_challenges), [`scheme`](Self::scheme)
    /// and [`note`](Self::note) by one word and in one turn of the lock.
    ///
    /// # Errors
    /// [`AlreadyAuthenticated`] if an authentication has spoken before; the first word stays, and nothing is noted.
    #[inline]
    pub fn identified(
        &self,
        principal: Principal,
        scheme: &Arc<str>,
        challenges: &Arc<ChallengeSet>,
        decision: Decision,
    ) -> Result<(), AlreadyAuthenticated> {
        self.0.speak(Authentication::Known(principal), Some(Arc::clone(challenges)))?;
        if let Some(mut state) = self.lock_open() {
            state.scheme = Some(Arc::clone(scheme));
            state.enter_with(|| {
                let (effect, reason, detail, explained) = decision.into_parts();
                let room = Room::Authentication;
                TrailEntry { room, effect, reason, enforced: true, detail, explained }
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Challenge, Clock, CredentialMethod, Reason};

    fn challenges(realm: &str) -> Arc<ChallengeSet> {
        Arc::new(ChallengeSet::new(vec![Challenge::bearer(realm)]))
    }

    #[test]
    fn who_calls_by_which_scheme_and_why_is_noted_at_once_and_once() {
        let principal = |name| Principal::builder(name, CredentialMethod::Jwt).build();
        let decision = || Decision::allow(Reason::Authenticated).because("bound");
        let trail = Trail::open(&Clock::system());
        let (own, other) = (challenges("a"), challenges("b"));
        trail.identified(principal("alice"), &"token".into(), &own, decision()).unwrap();
        trail.identified(principal("mallory"), &"other".into(), &other, decision()).unwrap_err();
        assert_eq!(trail.principal().map(Principal::subject), Some("alice"));
        assert!(trail.challenges().is_some_and(|left| Arc::ptr_eq(left, &own)));
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
        let (first, second) = (challenges("a"), challenges("b"));
        trail.set_challenges(Arc::clone(&first));
        trail.identified(alice, &"token".into(), &second, Decision::allow(Reason::Authenticated)).unwrap();
        assert!(trail.principal().is_some());
        assert!(trail.challenges().is_some_and(|left| Arc::ptr_eq(left, &first)), "the first word counts");
        trail.read(|state| assert!(state.scheme.is_none() && state.entries.is_empty()));
    }
}
