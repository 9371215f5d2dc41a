//! One question from the beginning to the end.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use portcullis_authz::engine::{DecisionPoint, Question, detail, unavailable};
use portcullis_client::{Attempt, Breaker, OutboundClient};
use portcullis_core::{Clock, Decision, Readiness, Reason, RequestId, Step};
use tokio::runtime::Handle;

use crate::failure::Failure;
use crate::memory::Memory;
use crate::places::Places;
use crate::protocol::{Protocol, Written};

/// AuthZEN Authorization API 1.0 §10.1.3.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A decision point on another server, made by [`AuthZen`](crate::AuthZen), [`Opa`](crate::Opa) or
/// [`OpenFga`](crate::OpenFga). Clones share connections, breaker and memory.
///
/// As something that a server [depends on](Readiness), it is ready unless it is left alone after failures.
#[derive(Clone)]
pub struct RemoteDecisionPoint(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) name: Box<str>,
    pub(crate) protocol: Box<dyn Protocol>,
    pub(crate) headers: HeaderMap,
    pub(crate) client: OutboundClient,
    pub(crate) breaker: Breaker,
    /// What becomes of watched questions says nothing to those that decide.
    pub(crate) watched_breaker: Breaker,
    pub(crate) resumes: Resumes,
    pub(crate) seats: Places,
    pub(crate) calls: Places,
    pub(crate) memory: Option<Memory>,
    pub(crate) deadline: Duration,
    pub(crate) max_answer: usize,
    pub(crate) bypass: bool,
    pub(crate) clock: Clock,
}

impl RemoteDecisionPoint {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Drops all that is remembered, and what is being asked, for whoever has just changed a policy.
    pub fn forget(&self) {
        if let Some(memory) = &self.0.memory {
            memory.clear();
        }
    }

    /// How many decisions are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.0.memory.as_ref().map_or(0, Memory::len)
    }
}

impl DecisionPoint for RemoteDecisionPoint {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn decide(&self, question: &Question<'_>) -> Step<Decision> {
        let shared = &self.0;
        let body = match shared.protocol.write(question) {
            Ok(Written::Ask(body)) => Bytes::from(body),
            Ok(Written::Refused(decision)) => return Step::Done(decision),
            Err(failure) => return Step::Done(shared.failed(&failure)),
        };
        let kind = Kind::of(question);
        let remembered = shared.memory.as_ref().and_then(|memory| memory.fresh(&body));
        if let Some(decision) = remembered.filter(|decision| kind.remembers(decision)) {
            return Step::Done(decision);
        }
        let watched = kind.watched;
        if let Some(remaining) = shared.paused(watched, shared.clock.monotonic()) {
            return Step::Done(shared.failed(&Failure::Paused(remaining)));
        }
        let Some(seat) = shared.seats.take(watched) else {
            return Step::Done(shared.failed(&Failure::TooManyWaiting));
        };
        let (shared, call) = (Arc::clone(shared), Call { body, kind, request_id: question.request_id() });
        Step::wait(async move {
            let decision = shared.ask(&call).await;
            drop(seat);
            decision
        })
    }
}

impl Readiness for RemoteDecisionPoint {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn is_ready(&self) -> bool {
        self.0.resumes.is_past(self.0.clock.monotonic())
    }
}

/// A question as it is sent.
struct Call {
    body: Bytes,
    kind: Kind,
    request_id: Option<RequestId>,
}

/// What becomes of the answer.
#[derive(Clone, Copy)]
struct Kind {
    watched: bool,
    about_absent: bool,
    hides: bool,
}

impl Kind {
    fn of(question: &Question<'_>) -> Self {
        let (watched, about_absent) = (question.is_watched(), question.is_about_absent());
        Self { watched, about_absent, hides: question.hides() }
    }

    /// What was said of a stand-in is nothing about a resource that is made later, and a refusal that comes at once would tell that
    /// there is something to hide.
    fn remembers(self, decision: &Decision) -> bool {
        !self.about_absent && (decision.is_allowed() || !self.hides)
    }

    /// Whether the engine is there and answered, though not so that it can be used. Clients choose what does not exist: one that
    /// says that it knows no such resource, or fails over it, is not down. What exists and is hidden is no different.
    fn is_answered(self, failure: &Failure) -> bool {
        self.hides && matches!(failure, Failure::Status(404 | 500))
    }
}

impl Shared {
    /// For how long no such question may be asked.
    fn paused(&self, watched: bool, now: Instant) -> Option<Duration> {
        let of_watched = || self.watched_breaker.remaining(now).filter(|_| watched);
        self.breaker.remaining(now).or_else(of_watched)
    }

    async fn ask(&self, call: &Call) -> Decision {
        if Handle::try_current().is_err() {
            return self.failed(&Failure::NoRuntime);
        }
        let times_forgotten = self.memory.as_ref().map_or(0, Memory::times_forgotten);
        let mut attempt = None;
        let exchange = self.exchange(call, &mut attempt);
        let answer = match tokio::time::timeout(self.deadline, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::Timeout { called: attempt.is_some() }),
        };
        match answer {
            Ok((asked, decision)) => {
                attempt.into_iter().for_each(Attempt::succeeded);
                if !call.kind.watched {
                    self.resumes.now();
                }
                match &self.memory {
                    Some(memory) if call.kind.remembers(&decision) => {
                        memory.keep(&call.body, asked, times_forgotten, &decision);
                    }
                    // Whoever may no more must not go on by what was allowed before.
                    Some(memory) if !call.kind.about_absent => memory.drop_older(&call.body),
                    _ => {}
                }
                decision
            }
            Err(failure) => {
                if call.kind.is_answered(&failure) {
                    attempt.into_iter().for_each(Attempt::succeeded);
                } else if failure.is_outage() {
                    self.note_outage(attempt, call.kind.watched);
                }
                self.failed(&failure)
            }
        }
    }

    /// `attempt` is there once the engine was called.
    async fn exchange<'s>(
        &'s self,
        call: &Call,
        attempt: &mut Option<Attempt<'s>>,
    ) -> Result<(Instant, Decision), Failure> {
        let _place = self.calls.wait(call.kind.watched).await.ok_or(Failure::TooManyWaiting)?;
        let asked = self.clock.monotonic();
        // Asked again: it may have failed while this one was in the queue.
        *attempt = Some(self.admit(call.kind.watched, asked).map_err(Failure::Paused)?);
        let uri = self.protocol.endpoint().locate(&self.client, &self.clock).await?;
        let answer = match self.client.send(self.request(&uri, call)).await {
            // A connection that was kept may be closed just as it is used; a question may be asked twice.
            Err(error) if error.is_reset() => self.client.send(self.request(&uri, call)).await?,
            answer => answer?,
        };
        if answer.body.len() > self.max_answer {
            return Err(Failure::TooLarge);
        }
        Ok((asked, self.protocol.read(&answer)?))
    }

    /// Leave to call the engine once. A watched question is never the first one after a pause of the others.
    fn admit(&self, watched: bool, now: Instant) -> Result<Attempt<'_>, Duration> {
        if !watched {
            return self.breaker.admit(now);
        }
        self.breaker.remaining(now).map_or(Ok(()), Err)?;
        self.watched_breaker.admit(now)
    }

    fn request(&self, uri: &Uri, call: &Call) -> Request<Bytes> {
        let mut request = Request::new(call.body.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(name) = call.request_id.and_then(|id| HeaderValue::try_from(id.to_string()).ok()) {
            headers.insert(X_REQUEST_ID, name);
        }
        request
    }

    fn note_outage(&self, attempt: Option<Attempt<'_>>, watched: bool) {
        let now = self.clock.monotonic();
        attempt.into_iter().for_each(|attempt| attempt.failed(now));
        if !watched && let Some(remaining) = self.breaker.remaining(now) {
            self.resumes.at(now, remaining);
        }
        self.protocol.endpoint().forget();
    }

    /// 503, or what was chosen.
    fn failed(&self, failure: &Failure) -> Decision {
        if self.bypass && failure.is_of_the_engine() {
            return Decision::allow(Reason::DecisionPointBypassed).because(detail(failure));
        }
        unavailable(failure)
    }
}

/// When the engine may be asked again, to be read without a lock.
pub(crate) struct Resumes {
    since: Instant,
    /// Milliseconds after that.
    at: AtomicU64,
}

impl Resumes {
    pub(crate) fn new(since: Instant) -> Self {
        Self { since, at: AtomicU64::new(0) }
    }

    fn now(&self) {
        self.at.store(0, Ordering::Relaxed);
    }

    fn at(&self, now: Instant, remaining: Duration) {
        let at = now.saturating_duration_since(self.since).saturating_add(remaining).as_millis();
        self.at.store(u64::try_from(at).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn is_past(&self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.since).as_millis();
        passed >= u128::from(self.at.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for RemoteDecisionPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteDecisionPoint")
            .field("name", &self.0.name)
            .field("remembered", &self.remembered())
            .finish_non_exhaustive()
    }
}
