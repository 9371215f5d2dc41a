//! How the authentication layer asks.

use portcullis_authn::{Authenticator, Credential, CredentialShape, TokenSupport};
use portcullis_core::challenge::BearerError;
use portcullis_core::{Challenge, CredentialMethod, Denial, Principal, ProblemType, RequestView, Step};

use super::TokenVerifier;
use super::verified::Verified;

/// Takes tokens of one form from the `Authorization` field.
#[derive(Debug)]
pub(crate) struct TokenAuthenticator<V>(V);

impl<V: TokenVerifier> TokenAuthenticator<V> {
    pub(crate) fn new(verifier: V) -> Self {
        Self(verifier)
    }
}

impl<V: TokenVerifier> Authenticator for TokenAuthenticator<V> {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![CredentialShape::Bearer(self.0.shape())]
    }

    fn method(&self) -> CredentialMethod {
        self.0.method()
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        _: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        match self.0.verify(credential.expose()) {
            Step::Done(verified) => Step::Done(verified.and_then(Verified::unbound)),
            Step::Wait(wait) => Step::wait(async move { wait.await.and_then(Verified::unbound) }),
        }
    }

    /// RFC 6750 §3.1: a token that is refused is `invalid_token`, whatever was wrong with it (RFC 9068 §4).
    fn challenge(&self, _: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        let challenge = Challenge::bearer(realm);
        Some(match refused.map(Denial::kind) {
            Some(ProblemType::InvalidToken) => challenge.error(BearerError::InvalidToken),
            Some(ProblemType::InvalidRequest) => challenge.error(BearerError::InvalidRequest),
            _ => challenge,
        })
    }

    fn token_support(&self) -> Option<TokenSupport> {
        Some(TokenSupport::new(self.0.authorization_servers()))
    }
}
