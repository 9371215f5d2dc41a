//! Traits of state that several rooms share.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::{ClientAddress, Denial, Principal, Reason, Step, Trail};

/// A store failed. It is never a denial and never a pass: the caller answers 503, or does what its user chose.
#[derive(Clone, Debug)]
pub struct StoreError(Arc<dyn Error + Send + Sync>);

impl StoreError {
    /// Wraps the store's own error.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }

    /// 503 with the reason, keeping the store's error as source.
    #[must_use]
    pub fn into_denial(self, reason: Reason) -> Denial {
        Denial::new(reason).caused_by(self)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("store failed")
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// What a deny-list is asked about.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TokenFacts<'a> {
    /// The issuer.
    pub issuer: Option<&'a str>,
    /// The subject.
    pub subject: &'a str,
    /// The token's identifier (`jti`).
    pub token_id: Option<&'a str>,
    /// The login session's identifier (`sid`).
    pub session_id: Option<&'a str>,
    /// When the token was issued (`iat`).
    pub issued_at: Option<SystemTime>,
    /// When the token ends (`exp`).
    pub expires_at: Option<SystemTime>,
}

impl<'a> TokenFacts<'a> {
    /// The facts of a verified principal; the issue time is not part of it.
    #[must_use]
    pub fn of(principal: &'a Principal, issued_at: Option<SystemTime>) -> Self {
        Self {
            issuer: principal.issuer(),
            subject: principal.subject(),
            token_id: principal.token_id(),
            session_id: principal.session_id(),
            issued_at,
            expires_at: principal.expires_at(),
        }
    }
}

/// Knows which tokens no longer count, although they verify. Asked on every request.
pub trait Revocations: Send + Sync + 'static {
    /// Whether the token was revoked.
    fn is_revoked(&self, token: &TokenFacts<'_>) -> Step<Result<bool, StoreError>>;
}

/// What a replay store found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayOutcome {
    /// Never seen; it is remembered from now on.
    Fresh,
    /// Seen before.
    Replayed,
    /// The store is full for this owner, or altogether: treat it as a failure, never as fresh.
    Full,
}

/// Remembers one-time values. Look-up and insertion are one atomic step; a full store refuses.
pub trait ReplayStore: Send + Sync + 'static {
    /// Remembers the value of the owner for at least that long.
    fn remember(&self, owner: &[u8], value: &[u8], keep: Duration)
    -> Step<Result<ReplayOutcome, StoreError>>;
}

/// A ban in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ban {
    /// How long it lasts from now on; `None` if nobody knows.
    pub remaining: Option<Duration>,
}

impl Ban {
    /// A ban that lasts that long from now on.
    #[must_use]
    pub const fn of(remaining: Option<Duration>) -> Self {
        Self { remaining }
    }
}

/// Knows which clients are shut out. Asked before anything else is done for a request.
pub trait Bans: Send + Sync + 'static {
    /// The ban on the client, if there is one.
    fn banned(&self, client: ClientAddress) -> Step<Result<Option<Ban>, StoreError>>;
}

/// An attempt to authenticate with a secret that can be guessed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The name of the scheme.
    pub scheme: Arc<str>,
    /// Whom the attempt names; text of the client.
    pub identifier: Arc<str>,
    /// Where it comes from.
    pub client: ClientAddress,
    trail: Option<Trail>,
}

impl Attempt {
    /// An attempt of the scheme on the identifier from the client.
    #[must_use]
    pub fn new(scheme: Arc<str>, identifier: impl Into<Arc<str>>, client: ClientAddress) -> Self {
        Self { scheme, identifier: identifier.into(), client, trail: None }
    }

    /// Names the request that makes the attempt, so that a guard can note there what it counted. By default,
    /// there is none.
    #[must_use]
    pub fn with_trail(self, trail: Trail) -> Self {
        Self { trail: Some(trail), ..self }
    }

    /// The Trail of the request that makes the attempt, if it was named.
    #[must_use]
    pub const fn trail(&self) -> Option<&Trail> {
        self.trail.as_ref()
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// The secret was right.
    Succeeded,
    /// The secret was wrong, or nobody has that name.
    Failed,
    /// Nobody knows: the store failed, or the caller went away.
    Unknown,
}

/// Limits attempts, between parsing a credential and verifying it.
///
/// An authenticator of guessable secrets asks [`before`](Self::before) with what the client claims, and reports
/// to [`after`](Self::after) what came of it.
pub trait AttemptGuard: Send + Sync + 'static {
    /// Whether the attempt may be made.
    fn before(&self, attempt: &Attempt) -> Step<Result<(), Denial>>;

    /// What came of it. Returns at once.
    fn after(&self, attempt: &Attempt, outcome: AttemptOutcome);
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::SET_COOKIE;

    use super::*;
    use crate::{Clock, CredentialMethod, Placement};

    #[test]
    fn an_attempt_leads_to_the_trail_of_its_request_and_prints_nothing_of_it() {
        let attempt = Attempt::new("password".into(), "alice", ClientAddress::Unknown);
        assert!(attempt.trail().is_none());
        let trail = Trail::open(&Clock::system());
        trail.authenticated(Principal::builder("s3cret-subject", CredentialMethod::Basic).build()).unwrap();
        trail.response_field(SET_COOKIE, HeaderValue::from_static("s3cret-cookie"), Placement::Append);
        trail.set_route("/s3cret-route".into());
        let attempt = attempt.with_trail(trail.clone());
        assert_eq!(attempt.trail().map(Trail::id), Some(trail.id()));
        let printed = format!("{attempt:?}");
        assert!(printed.contains("alice") && !printed.contains("s3cret"), "{printed}");
    }
}
