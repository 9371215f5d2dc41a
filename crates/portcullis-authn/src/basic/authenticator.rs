//! Verifies user and password.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portcullis_core::{
    AttemptOutcome, Challenge, Clock, CredentialMethod, Denial, Principal, Reason, RequestView, Secret, Step,
};

use super::attempt::Report;
use super::login::Login;
use super::names::Names;
use super::remember::{Digested, Remembered};
use super::users::{Rehash, User, UserStore};
use crate::authenticator::{Authenticator, Credential};
use crate::deadline::within;
use crate::password::{Hashing, PasswordHashString};
use crate::shape::CredentialShape;

pub(super) struct BasicAuthenticator<S>(Arc<Inner<S>>);

struct Inner<S> {
    users: S,
    /// How long they may take.
    deadline: Duration,
    hashing: Hashing,
    decoy: PasswordHashString,
    remembered: Option<Remembered>,
    names: Names,
    rehashes: AtomicBool,
    clock: Clock,
}

impl<S: UserStore> BasicAuthenticator<S> {
    pub(super) fn new(
        users: S,
        deadline: Duration,
        hashing: Hashing,
        decoy: PasswordHashString,
        remembered: Option<Remembered>,
        names: Names,
        clock: Clock,
    ) -> Self {
        let rehashes = AtomicBool::new(true);
        Self(Arc::new(Inner { users, deadline, hashing, decoy, remembered, names, rehashes, clock }))
    }
}

impl<S: UserStore> Authenticator for BasicAuthenticator<S> {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![CredentialShape::Basic]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Basic
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        request: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        let login = match Login::parse(credential.expose()) {
            Ok(login) => login,
            Err(denial) => return Step::Done(Err(denial)),
        };
        match Report::ask(request, credential.scheme(), &login.user) {
            Step::Done(Ok(report)) => self.0.clone().verify(login, report),
            Step::Done(Err(denial)) => Step::Done(Err(self.0.names.blocked(denial, &login.user))),
            Step::Wait(asked) => {
                let inner = Arc::clone(&self.0);
                Step::wait(async move {
                    let asked = asked.await.map_err(|denial| inner.names.blocked(denial, &login.user));
                    inner.verify(login, asked?).resolve().await
                })
            }
        }
    }

    fn challenge(&self, _: &CredentialShape, realm: &str, _: Option<&Denial>) -> Option<Challenge> {
        // RFC 7617 knows no errors.
        Some(Challenge::basic(realm))
    }
}

impl<S: UserStore> Inner<S> {
    fn verify(self: Arc<Self>, login: Login, report: Option<Report>) -> Step<Result<Principal, Denial>> {
        let digest = self.remembered.as_ref().map(|remembered| (remembered.digest(&login), remembered));
        let known =
            digest.as_ref().and_then(|(digest, remembered)| remembered.find(digest, self.clock.monotonic()));
        if let Some(principal) = known {
            Report::settle(report, AttemptOutcome::Succeeded);
            return Step::Done(Ok(principal));
        }
        let digest = digest.map(|(digest, _)| digest);
        Step::wait(async move { self.look_up(login, digest, report).await })
    }

    async fn look_up(
        &self,
        login: Login,
        digest: Option<Digested>,
        report: Option<Report>,
    ) -> Result<Principal, Denial> {
        let found = within(self.deadline, self.users.find(&login.user)).await?;
        if found.is_some() {
            self.names.found(&login.user);
        }
        // An unknown user costs as much as a known one.
        let hash = found.as_ref().map_or(&self.decoy, User::hash).clone();
        let matches = self.hashing.verify(login.password.clone(), hash).await?;
        let user = match found {
            Some(user) if matches && !user.is_disabled() => user,
            other => {
                Report::settle(report, AttemptOutcome::Failed);
                return Err(self.wrong_password(&login.user, other.as_ref()));
            }
        };
        Report::settle(report, AttemptOutcome::Succeeded);
        if let (Some(digest), Some(remembered)) = (digest, &self.remembered) {
            remembered.keep(&digest, user.principal().clone(), self.clock.monotonic());
        }
        self.rehash(&login.user, login.password, user.hash()).await;
        Ok(user.principal().clone())
    }

    /// The password is at hand now and will not be later: a good time to replace an old hash.
    async fn rehash(&self, user: &str, password: Secret, hash: &PasswordHashString) {
        if !hash.needs_rehash() || !self.rehashes.load(Ordering::Relaxed) {
            return;
        }
        // Neither a full queue nor a store that fails or is late refuses the login: the next one tries again.
        let Ok(renewed) = self.hashing.hash(password).await else { return };
        let kept = within(self.deadline, self.users.rehashed(user, hash, renewed)).await;
        if let Ok(Rehash::Ignored) = kept {
            self.rehashes.store(false, Ordering::Relaxed);
        }
    }

    /// The caller learns nothing of the difference; the audit event does.
    fn wrong_password(&self, name: &str, user: Option<&User>) -> Denial {
        let (names, refused) = (&self.names, Denial::new(Reason::WrongPassword));
        refused.explained(match user {
            None => format!("no such user: {}", names.nobody(name)),
            Some(user) if user.is_disabled() => format!("user is disabled: {}", names.user(name)),
            Some(_) => format!("password does not match: {}", names.user(name)),
        })
    }
}
