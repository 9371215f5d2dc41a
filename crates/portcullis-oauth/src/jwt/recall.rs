//! What was verified before, and what is asked about it each time.

use std::sync::Arc;

use portcullis_core::{Denial, Reason, Step};

use super::verifier::{JwtVerifier, Rules};
use crate::cache::{Remembered, TokenCache};
use crate::keys::{KeyStanding, VerifyingKey};
use crate::token::Verified;

impl JwtVerifier {
    /// The answer for a token that was verified before, if its key still counts; time and deny-list are asked anew.
    #[inline]
    pub(super) fn recall(&self, token: &[u8]) -> Option<Step<Result<Verified, Denial>>> {
        let cache = self.0.remembered.as_ref()?;
        // So that a long token costs nothing.
        if token.len() > self.0.max_token_octets {
            return None;
        }
        let entry = cache.find(token)?;
        if entry.rules.keys.standing(&entry.key) != KeyStanding::Current {
            cache.forget(&entry);
            return None;
        }
        if let Err(denial) = self.check_time(&entry.verified) {
            // A clock that was set back may make it valid again: then it is verified again.
            cache.forget(&entry);
            return Some(Step::Done(Err(denial)));
        }
        Some(self.ask(cache, entry))
    }

    /// A token that ends may do so a tick of the kernel late. None is refused, and none that was just issued seems to be
    /// of the future, but by the exact clock.
    #[inline]
    pub(super) fn check_time(&self, verified: &Verified) -> Result<(), Denial> {
        let clock = &self.0.clock;
        verified.check_time(clock.unix_time_coarse()).or_else(|_| verified.check_time(clock.unix_time()))
    }

    /// Remembers a token that was verified just now, and asks the deny-list.
    pub(super) fn remember(
        &self,
        token: &str,
        verified: Verified,
        key: &VerifyingKey,
        rules: &Arc<Rules>,
    ) -> Step<Result<Verified, Denial>> {
        match &self.0.remembered {
            Some(cache) => {
                self.ask(cache, cache.keep(token.as_bytes(), verified, key.clone(), Arc::clone(rules)))
            }
            None => verified.check_revocation(self.0.revocations.as_ref()),
        }
    }

    #[cfg(test)]
    pub(crate) fn remembered(&self) -> Option<&TokenCache> {
        self.0.remembered.as_ref()
    }

    /// Asks the deny-list; what it names is forgotten.
    fn ask(&self, cache: &TokenCache, entry: Arc<Remembered>) -> Step<Result<Verified, Denial>> {
        let verified = entry.verified.clone();
        if self.0.revocations.is_none() {
            return Step::Done(Ok(verified));
        }
        match verified.check_revocation(self.0.revocations.as_ref()) {
            Step::Done(answer) => {
                forget_revoked(cache, &entry, &answer);
                Step::Done(answer)
            }
            Step::Wait(wait) => {
                let this = self.clone();
                Step::wait(async move {
                    let answer = wait.await;
                    if let Some(cache) = &this.0.remembered {
                        forget_revoked(cache, &entry, &answer);
                    }
                    answer
                })
            }
        }
    }
}

fn forget_revoked(cache: &TokenCache, entry: &Arc<Remembered>, answer: &Result<Verified, Denial>) {
    if answer.as_ref().is_err_and(|denial| denial.reason() == Reason::TokenRevoked) {
        cache.forget(entry);
    }
}
