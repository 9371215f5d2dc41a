use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use portcullis_authn::{IntoScheme, SchemeContext, SchemeParts, TokenShape};
use portcullis_client::{Breaker, OutboundClient};
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Revocations};
use tokio::sync::Semaphore;

use super::answer::{Expectation, MAX_ANSWER_OCTETS, SignedFor};
use super::call::Caller;
use super::client_authentication::ClientAuthentication;
use super::endpoint::Endpoint;
use super::flights::Flights;
use super::introspector::Introspector;
use super::memory::{Lives, Memory};
use super::shared::Shared;
use crate::bearer::{Issuer, Needs, Parts};
use crate::dpop::{Dpop, DpopVerifier};
use crate::jwt::DEFAULT_MAX_TOKEN_OCTETS;
use crate::token::TokenAuthenticator;

/// How long a request waits for an answer: 5 seconds.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(5);

/// How many requests wait for answers at once.
pub const DEFAULT_MAX_WAITERS: usize = 1024;

/// How many calls are in progress at once.
pub const DEFAULT_MAX_CALLS: usize = 64;

/// How many answers are remembered, if any are.
pub const DEFAULT_MAX_REMEMBERED: usize = 10_000;

/// How many octets of memory remembered answers are reckoned at, if any are: 16 MiB.
pub const DEFAULT_MAX_REMEMBERED_OCTETS: usize = 16 * 1024 * 1024;

/// The longest time that [`Introspection::remember_for`] takes: 1 hour.
pub const LONGEST_LIFE: Duration = Duration::from_secs(3600);

/// The longest time that [`Introspection::remember_refusals`] takes: 1 minute.
pub const LONGEST_REFUSAL: Duration = Duration::from_secs(60);

/// The longest time that [`Introspection::stale_if_error`] takes: 1 hour.
pub const LONGEST_STALE: Duration = Duration::from_secs(3600);

/// After how many failures in a row the issuer is left alone for a while.
pub const FAILURES: u32 = 3;

/// The longest time for which it is left alone: 8 seconds.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The first such time; it doubles with each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest wait that can be set: one minute.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Opaque tokens that are looked up at their issuer, as a scheme of the authentication layer. See the
/// [module's docs](super).
#[must_use]
pub struct Introspection {
    issuer: Issuer,
    authentication: ClientAuthentication,
    endpoint: Option<Box<str>>,
    signed_answers: bool,
    audience_may_lack: bool,
    shape: TokenShape,
    lives: Lives,
    wait: Duration,
    max_waiters: usize,
    max_calls: usize,
    max_token_octets: usize,
    revocations: Option<Arc<dyn Revocations>>,
    client: Option<OutboundClient>,
    only_where_named: bool,
    dpop: Option<Dpop>,
}

impl Introspection {
    /// Looks up the tokens of this issuer; its audience, leeway, required claims and mapping count here too, its keys
    /// for [signed answers](Self::signed_answers) alone.
    pub fn of(issuer: Issuer, client: ClientAuthentication) -> Self {
        Self {
            issuer,
            authentication: client,
            endpoint: None,
            signed_answers: false,
            audience_may_lack: false,
            shape: TokenShape::Opaque,
            lives: Lives {
                active: Duration::ZERO,
                refused: Duration::ZERO,
                stale: Duration::ZERO,
                max_entries: DEFAULT_MAX_REMEMBERED,
                max_octets: DEFAULT_MAX_REMEMBERED_OCTETS,
            },
            wait: DEFAULT_WAIT,
            max_waiters: DEFAULT_MAX_WAITERS,
            max_calls: DEFAULT_MAX_CALLS,
            max_token_octets: DEFAULT_MAX_TOKEN_OCTETS,
            revocations: None,
            client: None,
            only_where_named: false,
            dpop: None,
        }
    }

    /// Looks up the tokens of the issuer of this identifier, whose endpoint and keys its discovery document names. An
    /// [`audience`](Self::audience) is still to be named.
    pub fn discover(identifier: impl Into<Box<str>>, client: ClientAuthentication) -> Self {
        Self::of(Issuer::discover(identifier), client)
    }

    /// Sets another way in which this application proves itself.
    pub fn authenticated_by(self, client: ClientAuthentication) -> Self {
        Self { authentication: client, ..self }
    }

    /// Adds an audience; see [`Issuer::audience`].
    pub fn audience(self, audience: impl Into<Box<str>>) -> Self {
        Self { issuer: self.issuer.audience(audience), ..self }
    }

    /// Sets the URL of the endpoint. By default, the issuer's discovery document names it.
    pub fn at(self, endpoint: impl Into<Box<str>>) -> Self {
        Self { endpoint: Some(endpoint.into()), ..self }
    }

    /// Asks for answers that the issuer signs, and takes no others (RFC 9701). By default, answers are plain JSON,
    /// which TLS alone vouches for.
    pub fn signed_answers(self) -> Self {
        Self { signed_answers: true, ..self }
    }

    /// Takes every bearer token, JWTs too, for a provider that is to be asked about each of them. By default, only
    /// opaque tokens are taken: those that no other scheme takes and that are not shaped like a JWT if one takes JWTs.
    pub fn every_token(self) -> Self {
        Self { shape: TokenShape::Any, ..self }
    }

    /// Takes answers that name no audience. One that is there is checked all the same. By default, a token without
    /// an audience is refused.
    ///
    /// # What must protect it instead
    /// The issuer: it must say `active: true` to this client only for tokens that are meant for this API. Else a token
    /// that a user gave to any other application opens this one.
    pub fn danger_audience_may_lack(self) -> Self {
        Self { audience_may_lack: true, ..self }
    }

    /// Remembers for so long, at most [`LONGEST_LIFE`] and never beyond its `exp`, what a token stands for. So long
    /// may a token count that was revoked. By default, nothing is remembered.
    pub fn remember_for(mut self, life: Duration) -> Self {
        self.lives.active = life;
        self
    }

    /// Remembers for so long, at most [`LONGEST_REFUSAL`], that a token is refused. So long may a token be refused
    /// that became active. By default, this is not remembered.
    pub fn remember_refusals(mut self, life: Duration) -> Self {
        self.lives.refused = life;
        self
    }

    /// Lets a remembered answer count for so much longer, at most [`LONGEST_STALE`] and never beyond the token's `exp`,
    /// while the issuer cannot be asked. By default, it does not.
    pub fn stale_if_error(mut self, ceiling: Duration) -> Self {
        self.lives.stale = ceiling;
        self
    }

    /// Sets how many answers are remembered. By default, this is [`DEFAULT_MAX_REMEMBERED`].
    pub fn max_remembered(mut self, entries: usize) -> Self {
        self.lives.max_entries = entries;
        self
    }

    /// Sets how many octets of memory remembered answers are reckoned at. By default, this is
    /// [`DEFAULT_MAX_REMEMBERED_OCTETS`].
    pub fn max_remembered_octets(mut self, octets: usize) -> Self {
        self.lives.max_octets = octets;
        self
    }

    /// Sets how long a request waits, at most a minute. By default, this is [`DEFAULT_WAIT`].
    pub fn wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Sets how many requests wait at once. By default, this is [`DEFAULT_MAX_WAITERS`].
    pub fn max_waiters(self, max_waiters: usize) -> Self {
        Self { max_waiters, ..self }
    }

    /// Sets how many calls are in progress at once. By default, this is [`DEFAULT_MAX_CALLS`].
    pub fn max_calls(self, max_calls: usize) -> Self {
        Self { max_calls, ..self }
    }

    /// Sets the length in octets beyond which a token is refused unasked. By default, this is
    /// [`DEFAULT_MAX_TOKEN_OCTETS`].
    pub fn max_token_octets(self, octets: usize) -> Self {
        Self { max_token_octets: octets, ..self }
    }

    /// Asks this deny-list about every token that is active. If it fails, the answer is 503. By default, no
    /// deny-list is asked.
    pub fn revocations(self, revocations: Arc<dyn Revocations>) -> Self {
        Self { revocations: Some(revocations), ..self }
    }

    /// Asks by this client. By default, this is a client of its own with default limits, which uses plain HTTP on
    /// loopback if the issuer was configured so.
    pub fn with_client(self, client: OutboundClient) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Leaves the scheme out of the default set: only routes that name it take it. By default, it is in.
    pub fn only_where_named(self) -> Self {
        Self { only_where_named: true, ..self }
    }

    /// Takes tokens that are bound to a key of the client, with its proof (RFC 9449). By default, `Bearer` is the one
    /// scheme, and a token that is bound to a key is refused.
    pub fn dpop(self, dpop: impl Into<Option<Dpop>>) -> Self {
        Self { dpop: dpop.into(), ..self }
    }

    /// The verifier without a layer around it. Nothing is asked yet.
    ///
    /// # Errors
    /// Everything that is wrong: `P640` for an endpoint that may not be asked or a time out of range, `P641` for what
    /// this application proves itself with, `P110` for a limit of zero, and what is wrong with the issuer.
    pub fn build(self, clock: &Clock) -> Result<Introspector, ConfigErrors> {
        self.build_with_dpop(clock).map(|(introspector, _)| introspector)
    }

    fn build_with_dpop(self, clock: &Clock) -> Result<(Introspector, Option<DpopVerifier>), ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(self.faults());
        let dpop = self.dpop.map(|dpop| dpop.build(self.issuer.audiences(), clock));
        let dpop = dpop.and_then(|built| errors.take(built));
        let needs = Needs { audience: !self.audience_may_lack, keys: self.signed_answers };
        let parts = errors.take(self.issuer.parts(clock, needs));
        let Some(Parts { rules, keys, http_on_loopback }) = parts else { return Err(errors) };
        let client = match self.client {
            Some(client) => Some(client),
            None => errors.take(default_client(http_on_loopback)),
        };
        let Some(client) = client else { return Err(errors) };
        let certificate = self.authentication.needs_certificate();
        if certificate && !client.has_identity() {
            errors.push(unusable_client("the http client has no certificate: set one by `with_client`"));
        }
        let client_id = self.authentication.client_id();
        let signed = keys.zip(client_id).map(|(keys, id)| SignedFor { keys, client_id: id.into() });
        if self.signed_answers && client_id.is_none() {
            errors.push(unusable_client("signed answers are for a client id, and there is none"));
        }
        let url = self.endpoint.as_deref();
        let endpoint = errors.take(Endpoint::new(url, &rules.identifier, &client, certificate));
        let hashing = errors.take(hashing_key());
        let (Some(endpoint), Some(hashing)) = (endpoint, hashing) else { return Err(errors) };
        let expected = Expectation { rules, audience_may_lack: self.audience_may_lack, signed };
        let authentication = self.authentication;
        let caller = Caller { client, endpoint, authentication, expected, clock: clock.clone() };
        let memory = (!self.lives.active.is_zero() || !self.lives.refused.is_zero())
            .then(|| Memory::new(self.lives, clock.clone()));
        let permits = |number: usize| Arc::new(Semaphore::new(number.min(Semaphore::MAX_PERMITS)));
        let shared = Shared {
            caller,
            hashing,
            memory,
            flights: Flights::default(),
            breaker: Breaker::new(FAILURES, FIRST_PAUSE, LONGEST_PAUSE),
            seats: permits(self.max_waiters),
            calls: permits(self.max_calls),
            wait: self.wait,
            max_token_octets: self.max_token_octets,
            revocations: self.revocations,
            clock: clock.clone(),
        };
        errors.into_result((Introspector::new(shared, self.shape), dpop))
    }

    fn faults(&self) -> Vec<ConfigError> {
        use ConfigCode::{InvalidIntrospection as Invalid, ZeroLimit as Zero};

        let lives = &self.lives;
        let remembers = !lives.active.is_zero();
        let faults = [
            (lives.active > LONGEST_LIFE, Invalid, "answers are remembered for more than an hour"),
            (lives.refused > LONGEST_REFUSAL, Invalid, "refusals are remembered for more than a minute"),
            (lives.stale > LONGEST_STALE, Invalid, "stale answers count for more than an hour"),
            (!lives.stale.is_zero() && !remembers, Invalid, "no answer is remembered that could be stale"),
            (self.wait > LONGEST_WAIT, Invalid, "a request waits for more than a minute"),
            (lives.max_entries == 0 || lives.max_octets == 0, Zero, "the memory for answers has no room"),
            (self.wait.is_zero() || self.max_waiters == 0, Zero, "no request may wait"),
            (self.max_calls == 0, Zero, "no call may be made"),
            (self.max_token_octets == 0, Zero, "longest token has no octet, so that every one is refused"),
        ];
        let wrong = faults.into_iter().filter(|(wrong, ..)| *wrong);
        let wrong = wrong.map(|(_, code, why)| ConfigError::new(code, format!("introspection: {why}")));
        wrong.chain(self.authentication.fault()).collect()
    }
}

impl IntoScheme for Introspection {
    fn into_scheme(self, context: &SchemeContext) -> Result<SchemeParts, ConfigErrors> {
        let only_where_named = self.only_where_named;
        let this = Self { dpop: self.dpop.map(|dpop| dpop.known_as(context.public_url())), ..self };
        let (introspector, dpop) = this.build_with_dpop(context.clock())?;
        let dependencies: Vec<_> = introspector.dependencies().collect();
        let authenticator = TokenAuthenticator::new(introspector).with_dpop(dpop);
        let parts = SchemeParts::new(authenticator).depends_on(dependencies);
        Ok(parts.only_where_named_if(only_where_named))
    }
}

fn default_client(http_on_loopback: bool) -> Result<OutboundClient, ConfigErrors> {
    let builder = OutboundClient::builder().with_max_body(MAX_ANSWER_OCTETS);
    if http_on_loopback { builder.insecure_allow_loopback_http().build() } else { builder.build() }
}

fn hashing_key() -> Result<hmac::Key, ConfigError> {
    let mut seed = [0; 32];
    match getrandom::fill(&mut seed) {
        Ok(()) => Ok(hmac::Key::new(hmac::HMAC_SHA256, &seed)),
        Err(_) => Err(ConfigError::new(ConfigCode::InvalidIntrospection, "the system has no randomness")),
    }
}

fn unusable_client(why: &str) -> ConfigError {
    let message = format!("authentication of this client: {why}");
    ConfigError::new(ConfigCode::InvalidClientAuthentication, message)
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("issuer", &self.issuer)
            .field("authentication", &self.authentication)
            .field("lives", &self.lives)
            .finish_non_exhaustive()
    }
}
