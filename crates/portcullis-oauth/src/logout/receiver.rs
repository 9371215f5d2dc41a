use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::{
    Clock, Denial, Readiness, Reason, ReplayOutcome, ReplayStore, Revocation, RevocationSink, Step,
    StoreError,
};

use super::answer::LogoutAnswer;
use super::claims::{LogoutClaims, is_logout_token, is_untyped_logout_token};
use super::settings::MAX_LOGOUT_OCTETS;
use crate::bearer::{IssuerRules, Profile};
use crate::form::{self, FORM};
use crate::json;
use crate::jwt::{SignedAs, signed_claims};
use crate::keys::KeySource;
use crate::token::{Lifetime, system_time};

/// How long a logout token is remembered at most, however long it says it lives: one day.
const LONGEST_REPLAY: Duration = Duration::from_secs(24 * 3600);

/// Receives back-channel logouts; clones are one. See the [module's docs](super).
#[derive(Clone)]
pub struct LogoutReceiver(Arc<Receiver>);

pub(super) struct Receiver {
    pub(super) rules: IssuerRules,
    pub(super) keys: Arc<dyn KeySource>,
    pub(super) client_id: Box<str>,
    pub(super) sinks: Vec<Arc<dyn RevocationSink>>,
    pub(super) replays: Arc<dyn ReplayStore>,
    pub(super) max_token_life: Duration,
    pub(super) whole_subject: bool,
    pub(super) clock: Clock,
}

impl LogoutReceiver {
    pub(super) fn new(receiver: Receiver) -> Self {
        Self(Arc::new(receiver))
    }

    /// What must be there before logouts can be verified: the keys of the issuer, if they are fetched. To be handed to
    /// `SecurityBuilder::depends_on`, so that a server keeps them up.
    #[must_use]
    pub fn dependency(&self) -> Option<Arc<dyn Readiness>> {
        self.0.keys.dependency()
    }

    /// Takes the body of a `POST` and its content type, and carries the logout out.
    pub fn receive(&self, content_type: Option<&str>, body: &[u8]) -> Step<LogoutAnswer> {
        match logout_token(content_type, body) {
            Ok(token) => {
                let (receiver, token) = (Arc::clone(&self.0), token.into_owned());
                Step::wait(async move { LogoutAnswer::new(receiver.end(&token).await) })
            }
            Err(denial) => Step::Done(LogoutAnswer::new(Err(denial))),
        }
    }
}

impl Receiver {
    async fn end(&self, token: &str) -> Result<(), Denial> {
        let untyped = self.rules.profile == Profile::UntypedJwt;
        let expected = SignedAs {
            rules: &self.rules,
            keys: self.keys.as_ref(),
            is_kind: if untyped { is_untyped_logout_token } else { is_logout_token },
            max_octets: MAX_LOGOUT_OCTETS,
        };
        let text = signed_claims(token, expected).await.map_err(refused)?;
        let object = json::object(text.as_bytes()).ok_or_else(|| no_token("the claims cannot be read"))?;
        let issuer = &*self.rules.identifier;
        let claims = LogoutClaims::read(object.members(), issuer, &self.client_id).map_err(refused)?;
        let now = self.clock.unix_time();
        let lifetime = Lifetime {
            expires: Some(claims.expires),
            not_before: None,
            issued: Some(claims.issued),
            leeway: self.rules.leeway,
        };
        lifetime.check(now).map_err(refused)?;
        for revocation in self.revocations(&claims) {
            self.revoke(&revocation).await?;
        }
        self.refuse_replay(&claims, now).await
    }

    /// What ends.
    fn revocations<'c>(
        &'c self,
        claims: &LogoutClaims<'c>,
    ) -> impl Iterator<Item = Revocation<'c>> + use<'c> {
        let issuer = &*self.rules.identifier;
        let session = claims.session_id.map(|session_id| Revocation::Session { issuer, session_id });
        let whole_subject = self.whole_subject || session.is_none();
        let subject = claims.subject.filter(|_| whole_subject).zip(system_time(claims.issued));
        let subject =
            subject.map(|(subject, issued_until)| Revocation::Subject { issuer, subject, issued_until });
        session.into_iter().chain(subject)
    }

    async fn revoke(&self, revocation: &Revocation<'_>) -> Result<(), Denial> {
        let until = self.clock.wall().checked_add(self.max_token_life);
        let until = until.ok_or_else(|| Denial::new(Reason::InternalError))?;
        for sink in &self.sinks {
            sink.revoke(revocation, until).resolve().await.map_err(store_failed)?;
        }
        Ok(())
    }

    /// After the revocation: a sender that tries again after a failure must not be told that it was done.
    async fn refuse_replay(&self, claims: &LogoutClaims<'_>, now: Duration) -> Result<(), Denial> {
        let keep = claims.expires.saturating_add(self.rules.leeway).saturating_sub(now).min(LONGEST_REPLAY);
        let owner = self.rules.identifier.as_bytes();
        match self.replays.remember(owner, claims.token_id.as_bytes(), keep).resolve().await {
            Ok(ReplayOutcome::Fresh) => Ok(()),
            Ok(ReplayOutcome::Replayed) => Err(no_token("the logout token was sent before")),
            Ok(_) => Err(Denial::new(Reason::StoreUnavailable).explained("the replay store is full")),
            Err(error) => Err(store_failed(error)),
        }
    }
}

/// §2.5: `POST` with the form parameter `logout_token`.
fn logout_token<'b>(content_type: Option<&str>, body: &'b [u8]) -> Result<std::borrow::Cow<'b, str>, Denial> {
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case(FORM) {
        return Err(no_token("the content type is not that of a form"));
    }
    if body.len() > MAX_LOGOUT_OCTETS {
        return Err(no_token("the body is too large"));
    }
    let token = form::only(body, "logout_token").filter(|token| !token.is_empty());
    token.ok_or_else(|| no_token("there is not just one `logout_token`"))
}

/// 400 for a token that is refused, with what was wrong for the event; failures of ours stay what they are.
fn refused(denial: Denial) -> Denial {
    if denial.is_failure() {
        return denial;
    }
    let why = denial.explanation().unwrap_or_else(|| denial.reason().code()).to_owned();
    Denial::new(Reason::LogoutTokenRefused).explained(why)
}

pub(super) fn no_token(why: &'static str) -> Denial {
    Denial::new(Reason::LogoutTokenRefused).explained(why)
}

fn store_failed(error: StoreError) -> Denial {
    error.into_denial(Reason::StoreUnavailable)
}

impl fmt::Debug for LogoutReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutReceiver")
            .field("issuer", &self.0.rules.identifier)
            .field("client_id", &self.0.client_id)
            .finish_non_exhaustive()
    }
}
