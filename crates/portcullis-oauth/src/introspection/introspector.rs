use std::fmt;
use std::sync::Arc;

use portcullis_authn::TokenShape;
use portcullis_core::octets::Counted;
use portcullis_core::{CredentialMethod, Denial, Principal, Readiness, Step};

use super::shared::Shared;
use crate::token::{TokenVerifier, Verified};

/// Looks tokens up at their issuer; clones share what is remembered. See the [module's docs](super).
#[derive(Clone)]
pub struct Introspector {
    shared: Arc<Shared>,
    shape: TokenShape,
}

impl Introspector {
    pub(super) fn new(shared: Shared, shape: TokenShape) -> Self {
        Self { shared: Arc::new(shared), shape }
    }

    /// Who the token speaks for. Needs a tokio runtime.
    ///
    /// # Errors
    /// A [`Denial`] with status 401 and the reason for a token that is refused; 503 if nobody can tell.
    ///
    /// A token that is bound to a key or a certificate is refused: there is no request here that could prove it.
    pub fn verify(&self, token: &str) -> Step<Result<Principal, Denial>> {
        match self.shared.verify(token) {
            Step::Done(verified) => Step::Done(verified.and_then(Verified::unbound)),
            Step::Wait(wait) => Step::wait(async move { wait.await.and_then(Verified::unbound) }),
        }
    }

    /// Drops what is remembered of the token, for whoever has just revoked it (RFC 7009). A look-up that is in
    /// progress is not remembered either, and nobody joins it any more.
    pub fn forget(&self, token: &str) {
        self.shared.forget(token);
    }

    /// How many answers are remembered, and how many octets of memory they are reckoned at.
    #[must_use]
    pub fn remembered(&self) -> (usize, u64) {
        self.shared.memory.as_ref().map_or((0, 0), |memory| memory.size())
    }

    /// What must be there before answers can be read: the keys of an issuer that signs them, if they are fetched.
    pub fn dependencies(&self) -> impl Iterator<Item = Arc<dyn Readiness>> {
        let signed = self.shared.caller.expected.signed.as_ref();
        signed.and_then(|signed| signed.keys.dependency()).into_iter()
    }

    /// How many look-ups are in progress or queue.
    #[must_use]
    pub fn in_progress(&self) -> usize {
        self.shared.flights.len()
    }
}

impl TokenVerifier for Introspector {
    fn shape(&self) -> TokenShape {
        self.shape.clone()
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Introspection
    }

    fn authorization_servers(&self) -> Vec<Box<str>> {
        vec![self.shared.caller.expected.rules.identifier.clone()]
    }

    fn verify(&self, token: Counted<'_>) -> Step<Result<Verified, Denial>> {
        self.shared.verify(token.expose())
    }
}

impl fmt::Debug for Introspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspector")
            .field("issuer", &self.shared.caller.expected.rules.identifier)
            .field("in_progress", &self.in_progress())
            .finish_non_exhaustive()
    }
}
