//! A token whose signature and claims are right, and what must be asked anew each time it is shown.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_core::{
    Assurance, Claims, CredentialMethod, Denial, Principal, Reason, Revocations, Step, StoreError, TokenFacts,
};

use super::claims::Registered;
use super::refusal::refuse;
use crate::bearer::IssuerRules;

/// What a signature and its claims prove, for as long as the key is the issuer's; the time and the deny-list are
/// asked again each time (see [`check_time`](Self::check_time) and [`check_revocation`](Self::check_revocation)).
#[derive(Debug)]
pub(super) struct Verified {
    principal: Principal,
    expires: Duration,
    not_before: Option<Duration>,
    issued: Option<Duration>,
    leeway: Duration,
}

impl Verified {
    /// `payload` is the text of the claims, which were read strictly.
    pub(super) fn new(registered: Registered<'_>, payload: &str, rules: &IssuerRules) -> Self {
        let Registered { expires, not_before, issued, .. } = registered;
        let leeway = rules.leeway;
        Self { principal: principal(registered, payload, rules), expires, not_before, issued, leeway }
    }

    /// RFC 7519 §4.1.4-6. `now` is the time since 1970.
    pub(super) fn check_time(&self, now: Duration) -> Result<(), Denial> {
        // At `exp` itself the token is expired.
        if now >= self.expires.saturating_add(self.leeway) {
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

    /// Asks the deny-list and hands the caller out.
    pub(super) fn check_revocation(
        self,
        revocations: Option<&Arc<dyn Revocations>>,
    ) -> Step<Result<Principal, Denial>> {
        let Some(revocations) = revocations else { return Step::Done(Ok(self.principal)) };
        let facts = TokenFacts::of(&self.principal, self.issued.and_then(system_time));
        match revocations.is_revoked(&facts) {
            Step::Done(answer) => Step::Done(admit(answer, self.principal)),
            Step::Wait(wait) => Step::wait(async move { admit(wait.await, self.principal) }),
        }
    }
}

fn admit(revoked: Result<bool, StoreError>, principal: Principal) -> Result<Principal, Denial> {
    match revoked {
        Ok(false) => Ok(principal),
        Ok(true) => Err(refuse(Reason::TokenRevoked, "the token was revoked")),
        Err(error) => Err(error.into_denial(Reason::StoreUnavailable)),
    }
}

fn principal(registered: Registered<'_>, payload: &str, rules: &IssuerRules) -> Principal {
    let mut assurance = Assurance::default();
    assurance.acr = registered.acr.map(Into::into);
    assurance.amr = registered.amr.into_iter().map(Into::into).collect();
    assurance.auth_time = registered.auth_time.and_then(system_time);

    let mut principal = Principal::builder(registered.subject, CredentialMethod::Jwt)
        .issuer(rules.identifier.clone())
        .scopes(registered.scopes)
        .roles(registered.roles)
        .groups(registered.groups)
        .assurance(assurance)
        .claims(Claims::from_checked_json(payload));
    if let Some(client_id) = registered.client_id {
        principal = principal.client_id(client_id);
    }
    if let Some(token_id) = registered.token_id {
        principal = principal.token_id(token_id);
    }
    if let Some(session_id) = registered.session_id {
        principal = principal.session_id(session_id);
    }
    if let Some(tenant) = registered.tenant {
        principal = principal.tenant(tenant);
    }
    if let Some(expires) = system_time(registered.expires) {
        principal = principal.expires_at(expires);
    }
    principal.build()
}

fn system_time(since_epoch: Duration) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(since_epoch)
}
