//! Requests that wait for a fetch, bounded in time and number.

use std::sync::Arc;
use std::time::Duration;

use portcullis_core::{Denial, Reason, Step};

use super::absent::Missed;
use super::error::RemoteError;
use super::flight::{Boarding, Purpose, Waiter, interrupted};
use super::key_set::Shared;
use super::policy::RETRY_PAUSE;
use crate::keys::KeyLookup;

/// What a request looks for, kept while it waits.
pub(super) struct Looked {
    kid: Option<Box<str>>,
    /// The keys that did not verify.
    tried: Option<KeyLookup>,
}

impl Looked {
    pub(super) fn find(kid: Option<&str>) -> Self {
        Self { kid: kid.map(Into::into), tried: None }
    }

    pub(super) fn again(kid: Option<&str>, tried: &KeyLookup) -> Self {
        Self { kid: kid.map(Into::into), tried: Some(tried.clone()) }
    }

    /// What is there after a fetch that succeeded.
    fn look(&self, shared: &Shared) -> Result<KeyLookup, Denial> {
        let kid = self.kid.as_deref();
        let known = shared.read(shared.now(), |known| (known.keys.lookup(kid), known.asked));
        let (found, asked) = known.ok_or_else(|| unavailable(RETRY_PAUSE, None))?;
        match &self.tried {
            Some(tried) if found.is_same_as(tried) => {
                shared.absent.remember(Missed::OtherKey(kid), asked);
                Ok(KeyLookup::UNKNOWN)
            }
            None if found.is_unknown() => {
                shared.absent.remember(Missed::Key(kid), asked);
                Ok(found)
            }
            _ => Ok(found),
        }
    }
}

impl Shared {
    /// Waits for the fetch, within the bounds on time and number.
    pub(super) fn wait(
        self: &Arc<Self>,
        purpose: Purpose,
        boarding: Boarding,
        looked: Looked,
    ) -> Step<Result<KeyLookup, Denial>> {
        let waiter = match boarding {
            Boarding::Joined(waiter) => waiter,
            Boarding::Starting(sender, waiter) => {
                self.take_off(sender, purpose);
                waiter
            }
            Boarding::Pausing { remaining, failure } => {
                return Step::Done(Err(unavailable(remaining, failure)));
            }
        };
        let Ok(seat) = Arc::clone(&self.seats).try_acquire_owned() else {
            let denial = unavailable(RETRY_PAUSE, None);
            return Step::Done(Err(denial.explained("too many requests wait for the issuer's keys")));
        };
        let shared = Arc::clone(self);
        Step::wait(async move {
            let outcome = shared.outcome(waiter).await;
            drop(seat);
            match outcome {
                Ok(()) => looked.look(&shared),
                // What known keys refused stays refused.
                Err(_) if looked.tried.is_some() => Ok(KeyLookup::UNKNOWN),
                Err(denial) => Err(denial),
            }
        })
    }

    async fn outcome(&self, mut waiter: Waiter) -> Result<(), Denial> {
        match tokio::time::timeout(self.policy.wait, waiter.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => match outcome.as_ref() {
                Some(Err(failure)) => Err(unavailable(RETRY_PAUSE, Some(Arc::clone(failure)))),
                _ => Ok(()),
            },
            Ok(Err(_)) => Err(unavailable(RETRY_PAUSE, interrupted().err())),
            Err(_) => {
                Err(unavailable(RETRY_PAUSE, None)
                    .explained("the issuer's keys did not come within the wait"))
            }
        }
    }
}

/// 503, never 401: a failure of the issuer's server says nothing about the token.
pub(super) fn unavailable(retry_after: Duration, failure: Option<Arc<RemoteError>>) -> Denial {
    let denial = Denial::new(Reason::KeySetUnavailable).retry_after(retry_after);
    match failure {
        Some(failure) => denial.explained(failure.to_string()).caused_by(failure),
        None => denial,
    }
}
