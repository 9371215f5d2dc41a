//! A token that was verified, and what must be asked anew each time it is shown.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_core::{Confirmation, Denial, Principal, Reason, Revocations, Step, StoreError, TokenFacts};

use super::refusal::refuse;

/// What a token proves, for as long as whoever vouched for it does; the time and the deny-list are asked again
/// each time (see [`check_time`](Self::check_time) and [`check_revocation`](Self::check_revocation)). Clones are
/// free.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    /// The caller, if the binding is proven too.
    principal: Principal,
    lifetime: Lifetime,
}

/// When a token counts, as times since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    pub(crate) expires: Option<Duration>,
    pub(crate) not_before: Option<Duration>,
    pub(crate) issued: Option<Duration>,
    pub(crate) leeway: Duration,
}

impl Lifetime {
    /// RFC 7519 §4.1.4-6. `now` is the time since 1970.
    pub(crate) fn check(&self, now: Duration) -> Result<(), Denial> {
        // At `exp` itself the token is expired.
        if self.expires.is_some_and(|expires| now >= expires.saturating_add(self.leeway)) {
            return Err(refuse(Reason::TokenExpired, "`exp` has passed"));
        }
        let latest = now.saturating_add(self.leeway);
        if self.not_before.is_some_and(|not_before| latest < not_before) {
            return Err(refuse(Reason::TokenNotYetValid, "`nbf` lies in the future"));
        }
        if self.issued.is_some_and(|issued| latest < issued) {
            return Err(refuse(Reason::TokenNotYetValid, "`iat` lies in the future"));
        }
        Ok(())
    }
}

impl Verified {
    /// The principal carries the binding that the token claims ([`Principal::confirmation`]), proven or not: it is
    /// handed out by [`unbound`](Self::unbound) and by whoever proved the binding, and by nobody else.
    pub(crate) fn new(principal: Principal, lifetime: Lifetime) -> Self {
        Self { principal, lifetime }
    }

    /// The memory that it takes at most beyond its own size, in octets.
    pub(crate) fn octets(&self) -> usize {
        self.principal.memory()
    }

    /// What the token is bound to, not proven yet.
    pub(crate) fn confirmation(&self) -> Option<&Confirmation> {
        self.principal.confirmation()
    }

    /// The caller, for whoever proved what the token is bound to.
    pub(crate) fn proven(self) -> Principal {
        self.principal
    }

    /// The caller of a token that is bound to nothing.
    ///
    /// # Errors
    /// 401 if it is bound: RFC 9449 §7.2 and RFC 8705 §3 want the proof.
    pub(crate) fn unbound(self) -> Result<Principal, Denial> {
        self.held_with(None)
    }

    /// When the token ends, as time since 1970.
    #[cfg(feature = "introspection")]
    pub(crate) fn expires(&self) -> Option<Duration> {
        self.lifetime.expires
    }

    pub(crate) fn check_time(&self, now: Duration) -> Result<(), Denial> {
        self.lifetime.check(now)
    }

    /// Asks the deny-list.
    pub(crate) fn check_revocation(
        self,
        revocations: Option<&Arc<dyn Revocations>>,
    ) -> Step<Result<Self, Denial>> {
        let Some(revocations) = revocations else { return Step::Done(Ok(self)) };
        let facts = TokenFacts::of(&self.principal, self.lifetime.issued.and_then(system_time));
        match revocations.is_revoked(&facts) {
            Step::Done(answer) => Step::Done(admit(answer, self)),
            Step::Wait(wait) => Step::wait(async move { admit(wait.await, self) }),
        }
    }
}

fn admit(revoked: Result<bool, StoreError>, verified: Verified) -> Result<Verified, Denial> {
    match revoked {
        Ok(false) => Ok(verified),
        Ok(true) => Err(refuse(Reason::TokenRevoked, "the token was revoked")),
        Err(error) => Err(error.into_denial(Reason::StoreUnavailable)),
    }
}

/// The moment that lies that long after 1970, if it can be told.
pub(crate) fn system_time(since_epoch: Duration) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(since_epoch)
}
