//! A look-up from the beginning to the end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use aws_lc_rs::hmac;
use portcullis_client::{Attempt, Breaker};
use portcullis_core::{Clock, Denial, Reason, Revocations, Secret, Step};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::call::{Caller, Said};
use super::error::{IntrospectionError, Kind};
use super::flights::{Flights, Line, Outcome, Waiter};
use super::memory::{Memory, TokenHash};
use crate::token::Verified;
use crate::token::refusal::refuse;

pub(super) struct Shared {
    pub(super) caller: Caller,
    /// Made at random, so that nobody can find tokens for a hash.
    pub(super) hashing: hmac::Key,
    pub(super) memory: Option<Memory>,
    pub(super) flights: Flights,
    pub(super) breaker: Breaker,
    pub(super) seats: Arc<Semaphore>,
    pub(super) calls: Arc<Semaphore>,
    pub(super) wait: Duration,
    pub(super) max_token_octets: usize,
    pub(super) revocations: Option<Arc<dyn Revocations>>,
    pub(super) clock: Clock,
}

impl Shared {
    pub(super) fn verify(self: &Arc<Self>, token: &str) -> Step<Result<Verified, Denial>> {
        if token.len() > self.max_token_octets {
            return Step::Done(Err(refuse(Reason::TokenTooLarge, "the token is longer than the limit")));
        }
        let hash = self.hash(token);
        if let Some(remembered) = self.memory.as_ref().and_then(|memory| memory.fresh(&hash)) {
            return self.admit(remembered.answer.clone());
        }
        if let Some(remaining) = self.breaker.remaining(self.clock.monotonic()) {
            return self.fall_back(&hash, &Arc::new(Kind::Paused(remaining).into()));
        }
        let Ok(seat) = Arc::clone(&self.seats).try_acquire_owned() else {
            return self.fall_back(&hash, &Arc::new(Kind::TooManyWaiting.into()));
        };
        let waiter = self.board(hash, token);
        let shared = Arc::clone(self);
        Step::wait(async move {
            let outcome = shared.outcome(waiter).await;
            drop(seat);
            let step = match outcome {
                Ok(answer) => shared.admit(answer),
                Err(failure) => shared.fall_back(&hash, &failure),
            };
            step.resolve().await
        })
    }

    /// Drops what is known of the token, and what is on its way.
    pub(super) fn forget(&self, token: &str) {
        let hash = self.hash(token);
        self.flights.forget(&hash, || {
            if let Some(memory) = &self.memory {
                memory.forget(&hash);
            }
        });
    }

    /// What is asked each time: the time and the deny-list.
    fn admit(&self, answer: Result<Verified, Denial>) -> Step<Result<Verified, Denial>> {
        let checked = answer.and_then(|verified| {
            verified.check_time(self.clock.unix_time())?;
            Ok(verified)
        });
        match checked {
            Ok(verified) => verified.check_revocation(self.revocations.as_ref()),
            Err(denial) => Step::Done(Err(denial)),
        }
    }

    /// A failure: an older answer, if that was chosen, or 503.
    fn fall_back(
        &self,
        token: &TokenHash,
        failure: &Arc<IntrospectionError>,
    ) -> Step<Result<Verified, Denial>> {
        match self.memory.as_ref().and_then(|memory| memory.stale(token)) {
            Some(remembered) => self.admit(remembered.answer.clone()),
            None => Step::Done(Err(unavailable(failure))),
        }
    }

    /// Joins the look-up of the token or sets one off.
    fn board(self: &Arc<Self>, hash: TokenHash, token: &str) -> Waiter {
        let (waiter, line) = self.flights.board(&hash);
        if let Some(line) = line {
            let flight = Flight { shared: Arc::clone(self), hash, token: token.into(), line, outcome: None };
            // Without a runtime the flight ends here, interrupted.
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(flight.run());
            }
        }
        waiter
    }

    async fn outcome(&self, mut waiter: Waiter) -> Outcome {
        match tokio::time::timeout(self.wait, waiter.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => outcome.clone().unwrap_or_else(|| failed(Kind::Interrupted)),
            Ok(Err(_)) => failed(Kind::Interrupted),
            Err(_) => failed(Kind::Timeout),
        }
    }

    fn hash(&self, token: &str) -> TokenHash {
        let tag = hmac::sign(&self.hashing, token.as_bytes());
        // INVARIANT: HMAC-SHA256 has 32 octets.
        tag.as_ref().try_into().unwrap_or_default()
    }
}

/// A look-up in progress, in a task of its own, so that no waiter that goes away ends it. It lands when it is
/// dropped, also when its runtime ends or it panics.
struct Flight {
    shared: Arc<Shared>,
    hash: TokenHash,
    token: Secret,
    line: Line,
    outcome: Option<Outcome>,
}

impl Flight {
    async fn run(mut self) {
        let calls = Arc::clone(&self.shared.calls);
        let _permit = loop {
            match admission(&calls, &self.line).await {
                Some(permit) => break permit,
                None if self.shared.flights.abandon(&self.hash, &self.line) => return,
                None => {}
            }
        };
        let asked = self.shared.clock.monotonic();
        // Asked again: it may have failed while this one was in the queue.
        let attempt = match self.shared.breaker.admit(asked) {
            Ok(attempt) => attempt,
            Err(remaining) => {
                self.outcome = Some(failed(Kind::Paused(remaining)));
                return;
            }
        };
        let said = self.shared.caller.ask(&self.token).await;
        self.shared.note(&said, attempt).await;
        let shared = Arc::clone(&self.shared);
        shared.flights.land(&self.hash, &self.line, || {
            if let (Ok(said), Some(memory)) = (&said, &shared.memory) {
                memory.keep(self.hash, asked, said);
            }
        });
        self.outcome = Some(said.map(|said| said.answer).map_err(Arc::new));
    }
}

/// The right to make a call; `None` if nobody waits for its answer any more.
async fn admission<'c>(calls: &'c Semaphore, line: &Line) -> Option<SemaphorePermit<'c>> {
    let mut permit = pin!(calls.acquire());
    let mut closed = pin!(line.closed());
    poll_fn(|cx| match permit.as_mut().poll(cx) {
        Poll::Ready(permit) => Poll::Ready(permit.ok()),
        Poll::Pending => closed.as_mut().poll(cx).map(|()| None),
    })
    .await
}

impl Shared {
    /// What a call tells about the issuer.
    async fn note(&self, said: &Result<Said, IntrospectionError>, attempt: Attempt<'_>) {
        match said {
            Ok(_) => attempt.succeeded(),
            Err(failure) => {
                if failure.is_outage() {
                    attempt.failed(self.clock.monotonic());
                } else {
                    // It says nothing of the issuer: the next one may ask.
                    drop(attempt);
                }
                self.caller.endpoint.forget();
            }
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.shared.flights.land(&self.hash, &self.line, || ());
        let outcome = self.outcome.take().unwrap_or_else(|| failed(Kind::Interrupted));
        self.line.send_replace(Some(outcome));
    }
}

fn failed(kind: Kind) -> Outcome {
    Err(Arc::new(kind.into()))
}

/// A4.4: 503, never 401: a failure of the issuer says nothing about the token.
fn unavailable(failure: &Arc<IntrospectionError>) -> Denial {
    Denial::new(Reason::IntrospectionUnavailable)
        .retry_after(failure.retry_after())
        .explained(failure.to_string())
        .caused_by(Arc::clone(failure))
}
