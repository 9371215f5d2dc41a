use std::fmt;
use std::time::Duration;

use portcullis_client::{Breaker, OutboundClient};
use portcullis_core::escape::Escaped;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Secret};

use crate::memory::{Lives, Memory};
use crate::outbound::{self, Credential};
use crate::places::Places;
use crate::point::{RemoteDecisionPoint, Resumes, Shared};
use crate::protocol::Protocol;
use crate::shape::Shape;

/// How long a request waits for a decision: 1 second.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(1);

/// The longest deadline that can be set: 30 seconds.
pub const LONGEST_DEADLINE: Duration = Duration::from_secs(30);

/// How large an answer may be, in octets: 64 KiB.
pub const DEFAULT_MAX_ANSWER: usize = 64 * 1024;

/// How many calls are in progress at once.
pub const DEFAULT_MAX_CALLS: usize = 64;

/// How many requests wait for decisions at once.
pub const DEFAULT_MAX_WAITERS: usize = 1024;

/// How many decisions are remembered, if any are.
pub const DEFAULT_MAX_REMEMBERED: usize = 10_000;

/// How many octets of memory remembered decisions are reckoned at, if any are: 16 MiB.
pub const DEFAULT_MAX_REMEMBERED_OCTETS: usize = 16 * 1024 * 1024;

/// The longest time that [`Remote::remember`] takes: 1 minute.
pub const LONGEST_LIFE: Duration = Duration::from_secs(60);

/// After how many failures in a row an engine is left alone for a while.
pub const FAILURES: u32 = 5;

/// For how long it is left alone: 10 seconds; then one request asks first.
pub const PAUSE: Duration = Duration::from_secs(10);

/// The settings of a remote decision point: [`AuthZen`](crate::AuthZen), [`Opa`](crate::Opa) or
/// [`OpenFga`](crate::OpenFga). See the crate's docs.
#[must_use]
pub struct Remote<P> {
    pub(crate) api: P,
    pub(crate) base: Box<str>,
    pub(crate) shape: Shape,
    name: Box<str>,
    credential: Option<Credential>,
    deadline: Duration,
    max_answer: usize,
    max_calls: usize,
    max_waiters: usize,
    lives: Lives,
    bypass: bool,
    plain_http: bool,
    client: Option<OutboundClient>,
}

impl<P> Remote<P> {
    pub(crate) fn new(name: &str, base: impl Into<Box<str>>, api: P) -> Self {
        Self {
            api,
            base: base.into(),
            shape: Shape::default(),
            name: name.into(),
            credential: None,
            deadline: DEFAULT_DEADLINE,
            max_answer: DEFAULT_MAX_ANSWER,
            max_calls: DEFAULT_MAX_CALLS,
            max_waiters: DEFAULT_MAX_WAITERS,
            lives: Lives {
                allowed: Duration::ZERO,
                refused: Duration::ZERO,
                max_entries: DEFAULT_MAX_REMEMBERED,
                max_octets: DEFAULT_MAX_REMEMBERED_OCTETS,
            },
            bypass: false,
            plain_http: false,
            client: None,
        }
    }

    /// Sets what it is called in events and route tables. By default, it is `authzen`, `opa` or `openfga`.
    pub fn named(self, name: impl Into<Box<str>>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Proves this application to the engine by a bearer token (RFC 6750 §2.1). By default, it does not.
    pub fn bearer(self, token: Secret) -> Self {
        Self { credential: Some(Credential::Bearer(token)), ..self }
    }

    /// Proves this application to the engine by a key in this field of each request. By default, it does not.
    pub fn api_key(self, field: impl Into<Box<str>>, key: Secret) -> Self {
        Self { credential: Some(Credential::ApiKey(field.into(), key)), ..self }
    }

    /// Calls every caller's type so. By default, users are `user` and clients on their own behalf `client`.
    ///
    /// With one type for both, a client that chose its own name may be taken for the user of that name (RFC 9068 §5): have an
    /// authorization server that keeps their names apart.
    pub fn subject_type(mut self, subject_type: impl Into<Box<str>>) -> Self {
        self.shape.subject_type = Some(subject_type.into());
        self
    }

    /// Sets how long a request waits, queue and answer together, at most [`LONGEST_DEADLINE`]. By default, this is
    /// [`DEFAULT_DEADLINE`].
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Sets how large an answer may be, in octets. By default, this is [`DEFAULT_MAX_ANSWER`].
    pub fn max_answer(self, octets: usize) -> Self {
        Self { max_answer: octets, ..self }
    }

    /// Sets how many calls are in progress at once; others queue. By default, this is [`DEFAULT_MAX_CALLS`].
    ///
    /// [Watched](portcullis_authz::engine::Question::is_watched) questions have half of them at most, rounded down: with
    /// one call, they are not asked.
    pub fn max_calls(self, max_calls: usize) -> Self {
        Self { max_calls, ..self }
    }

    /// Sets how many requests wait at once; what is beyond that is a failure. By default, this is
    /// [`DEFAULT_MAX_WAITERS`]. Watched questions have half of these places at most, rounded down.
    pub fn max_waiters(self, max_waiters: usize) -> Self {
        Self { max_waiters, ..self }
    }

    /// Remembers what was allowed and what was refused for so long, each at most [`LONGEST_LIFE`]. By default, nothing
    /// is remembered.
    ///
    /// So long may a caller go on who lost a right, and be refused who was given one: policies, relations and
    /// attributes that the engine keeps may change meanwhile. What is sent along with a question is part of what is
    /// remembered: another role, another attribute is another question. A refusal that hides that a resource exists is not
    /// remembered: by its time it would tell.
    pub fn remember(mut self, allowed: Duration, refused: Duration) -> Self {
        (self.lives.allowed, self.lives.refused) = (allowed, refused);
        self
    }

    /// Sets how many decisions are remembered. By default, this is [`DEFAULT_MAX_REMEMBERED`].
    pub fn max_remembered(mut self, entries: usize) -> Self {
        self.lives.max_entries = entries;
        self
    }

    /// Sets how many octets of memory remembered decisions are reckoned at. By default, this is
    /// [`DEFAULT_MAX_REMEMBERED_OCTETS`].
    pub fn max_remembered_octets(mut self, octets: usize) -> Self {
        self.lives.max_octets = octets;
        self
    }

    /// Allows what cannot be asked while the engine is down, late or overloaded; the event then says
    /// `decision_point_bypassed`. By default, the answer is 503, and it is so always where the engine answers what cannot
    /// be used, such as 400 or JSON without a decision: one caller's question may be the cause.
    ///
    /// # What must protect it instead
    /// The route's own rule: it alone then decides. Whoever can overload the engine or cut it off opens everything that
    /// the engine alone refuses.
    pub fn danger_allow_when_unavailable(self) -> Self {
        Self { bypass: true, ..self }
    }

    /// Asks over plain `http`, not only on this machine. By default, `http` goes to loopback alone.
    ///
    /// # What must protect it instead
    /// The network: whoever stands on the way makes decisions of their own and reads credentials and questions. A mesh
    /// that adds TLS of its own is one that protects it.
    pub fn insecure_http(self) -> Self {
        Self { plain_http: true, ..self }
    }

    /// Asks by this client, for certificates or roots of one's own. By default, this is a client of its own, which
    /// reaches private networks and, by plain `http`, this machine: an engine often stands beside the application.
    pub fn with_client(self, client: OutboundClient) -> Self {
        Self { client: Some(client), ..self }
    }

    /// The finished decision point, once everything else was found right.
    pub(crate) fn build_with<Q: Protocol>(
        self,
        clock: &Clock,
        finish: impl FnOnce(P, &str, Shape, &OutboundClient, &mut ConfigErrors) -> Option<Q>,
    ) -> Result<RemoteDecisionPoint, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(self.faults());
        let headers = errors.take(self.credential.map(Credential::fields).transpose());
        let client = match self.client {
            Some(client) => Some(client),
            None => errors.take(outbound::client(self.deadline, self.max_answer, self.plain_http)),
        };
        let Some(client) = client else { return Err(errors) };
        let protocol = finish(self.api, &self.base, self.shape, &client, &mut errors);
        let (Some(protocol), Some(headers)) = (protocol, headers) else { return Err(errors) };
        let remembers = !self.lives.allowed.is_zero() || !self.lives.refused.is_zero();
        let watched_calls = self.max_calls / 2;
        // Who may never call need not wait.
        let watched_waiters = if watched_calls == 0 { 0 } else { self.max_waiters / 2 };
        let shared = Shared {
            name: self.name,
            protocol: Box::new(protocol),
            headers: headers.unwrap_or_default(),
            client,
            breaker: Breaker::new(FAILURES, PAUSE, PAUSE),
            watched_breaker: Breaker::new(FAILURES, PAUSE, PAUSE),
            resumes: Resumes::new(clock.monotonic()),
            seats: Places::new(self.max_waiters, watched_waiters),
            calls: Places::new(self.max_calls, watched_calls),
            memory: remembers.then(|| Memory::new(self.lives, clock.clone())),
            deadline: self.deadline,
            max_answer: self.max_answer,
            bypass: self.bypass,
            clock: clock.clone(),
        };
        errors.into_result(RemoteDecisionPoint::new(shared))
    }

    fn faults(&self) -> Vec<ConfigError> {
        use ConfigCode::{InvalidDecisionPoint as Invalid, ZeroLimit as Zero};

        let lives = &self.lives;
        let faults = [
            (self.name.is_empty(), Invalid, "it has no name"),
            (self.deadline > LONGEST_DEADLINE, Invalid, "a request waits for more than half a minute"),
            (lives.allowed > LONGEST_LIFE, Invalid, "what was allowed is remembered for more than a minute"),
            (lives.refused > LONGEST_LIFE, Invalid, "what was refused is remembered for more than a minute"),
            (self.deadline.is_zero() || self.max_waiters == 0, Zero, "no request may wait"),
            (self.max_calls == 0, Zero, "no call may be made"),
            (self.max_answer == 0, Zero, "no answer may have an octet"),
            (lives.max_entries == 0 || lives.max_octets == 0, Zero, "the memory for decisions has no room"),
        ];
        let wrong = faults.into_iter().filter(|(wrong, ..)| *wrong);
        let name = Escaped::new(&self.name);
        wrong
            .map(|(_, code, why)| ConfigError::new(code, format!("decision point `{name}`: {why}")))
            .collect()
    }
}

impl<P> fmt::Debug for Remote<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("name", &self.name).field("base", &self.base).finish_non_exhaustive()
    }
}
