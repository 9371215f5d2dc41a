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
    term: Term,
}

/// When a token counts, as times since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    pub(crate) expires: Option<Duration>,
    pub(crate) not_before: Option<Duration>,
    pub(crate) issued: Option<Duration>,
    pub(crate) leeway: Duration,
}

#[cfg(any(feature = "logout", test))]
impl Lifetime {
    /// RFC 7519 §4.1.4-6. `now` is the time since 1970.
    pub(crate) fn check(&self, now: Duration) -> Result<(), Denial> {
        Term::of(self).check(now)
    }
}

/// A lifetime in whole microseconds since 1970, since thousands are remembered and each is asked on every request.
#[derive(Clone, Copy, Debug)]
struct Term {
    /// [`UNSAID`]: never.
    expires: u64,
    not_before: u64,
    /// [`UNSAID`]: the token does not say.
    issued: u64,
    leeway: u32,
}

/// In place of a time; half a million years.
const UNSAID: u64 = u64::MAX;

impl Term {
    fn of(lifetime: &Lifetime) -> Self {
        // A time that does not fit is later than any that will be.
        let or_latest = |time| microseconds(time).min(UNSAID - 1);
        Self {
            expires: lifetime.expires.map_or(UNSAID, or_latest),
            not_before: lifetime.not_before.map_or(0, or_latest),
            issued: lifetime.issued.map_or(UNSAID, or_latest),
            leeway: u32::try_from(microseconds(lifetime.leeway)).unwrap_or(u32::MAX),
        }
    }

    #[inline]
    fn check(self, now: Duration) -> Result<(), Denial> {
        let (now, leeway) = (microseconds(now), u64::from(self.leeway));
        // At `exp` itself the token is expired.
        if now >= self.expires.saturating_add(leeway) {
            return Err(refuse(Reason::TokenExpired, "`exp` has passed"));
        }
        let latest = now.saturating_add(leeway);
        if latest < self.not_before {
            return Err(refuse(Reason::TokenNotYetValid, "`nbf` lies in the future"));
        }
        if latest < self.issued && self.issued != UNSAID {
            return Err(refuse(Reason::TokenNotYetValid, "`iat` lies in the future"));
        }
        Ok(())
    }
}

#[inline]
fn microseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(time.subsec_micros()))
}

/// The time after 1970, if it was said.
fn said(time: u64) -> Option<Duration> {
    (time != UNSAID).then(|| Duration::from_micros(time))
}

impl Verified {
    /// The principal carries the binding that the token claims ([`Principal::confirmation`]), proven or not: it is
    /// handed out by [`unbound`](Self::unbound) and by whoever proved the binding, and by nobody else.
    pub(crate) fn new(principal: Principal, lifetime: Lifetime) -> Self {
        Self { principal, term: Term::of(&lifetime) }
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
        said(self.term.expires)
    }

    #[inline]
    pub(crate) fn check_time(&self, now: Duration) -> Result<(), Denial> {
        self.term.check(now)
    }

    /// Asks the deny-list.
    pub(crate) fn check_revocation(
        self,
        revocations: Option<&Arc<dyn Revocations>>,
    ) -> Step<Result<Self, Denial>> {
        let Some(revocations) = revocations else { return Step::Done(Ok(self)) };
        let facts = TokenFacts::of(&self.principal, said(self.term.issued).and_then(system_time));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lifetime: [Option<u64>; 3], leeway: u64, now: u64, expected: Result<(), Reason>) {
        let [expires, not_before, issued] = lifetime.map(|time| time.map(Duration::from_secs));
        let lifetime = Lifetime { expires, not_before, issued, leeway: Duration::from_secs(leeway) };
        let checked = lifetime.check(Duration::from_secs(now)).map_err(|denial| denial.reason());
        assert_eq!(checked, expected, "{lifetime:?} at {now}");
    }

    /// A2.19, RFC 7519 §4.1.4-6, at the second.
    #[test]
    fn a_token_counts_between_its_times_and_the_leeway_around_them() {
        let (expired, early) = (Err(Reason::TokenExpired), Err(Reason::TokenNotYetValid));
        check([None, None, None], 0, 0, Ok(()));
        check([Some(100), None, None], 0, 99, Ok(()));
        check([Some(100), None, None], 0, 100, expired);
        check([Some(100), None, None], 30, 129, Ok(()));
        check([Some(100), None, None], 30, 130, expired);
        check([None, Some(100), None], 0, 99, early);
        check([None, Some(100), None], 30, 70, Ok(()));
        check([None, None, Some(100)], 30, 69, early);
        check([None, None, Some(100)], 0, 100, Ok(()));
    }

    /// A2.19: 2^53 seconds are more than microseconds in 64 bits.
    #[test]
    fn times_at_the_end_of_the_numbers_are_the_latest_that_there_are() {
        let last = Some(1 << 53);
        check([last, None, None], 300, u64::MAX / 2_000_000, Ok(()));
        check([None, last, None], 300, 2_000_000_000, Err(Reason::TokenNotYetValid));
        check([None, None, last], 300, 2_000_000_000, Err(Reason::TokenNotYetValid));
    }

    #[test]
    fn a_fraction_of_a_second_counts_to_the_microsecond() {
        let expires = Some(Duration::from_micros(1_500_000));
        let lifetime = Lifetime { expires, not_before: None, issued: None, leeway: Duration::ZERO };
        assert!(lifetime.check(Duration::from_micros(1_499_999)).is_ok());
        assert!(lifetime.check(Duration::from_micros(1_500_000)).is_err());
    }
}
