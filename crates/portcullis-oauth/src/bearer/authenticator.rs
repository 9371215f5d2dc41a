//! How the authentication layer asks.

use portcullis_authn::{Authenticator, Credential, CredentialShape, TokenShape};
use portcullis_core::challenge::BearerError;
use portcullis_core::{Challenge, CredentialMethod, Denial, Principal, ProblemType, RequestView, Step};

use crate::jwt::JwtVerifier;

#[derive(Debug)]
pub(super) struct JwtAuthenticator(JwtVerifier);

impl JwtAuthenticator {
    pub(super) fn new(verifier: JwtVerifier) -> Self {
        Self(verifier)
    }
}

impl Authenticator for JwtAuthenticator {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![CredentialShape::Bearer(TokenShape::Jwt)]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Jwt
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        _: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        self.0.verify(credential.expose())
    }

    /// RFC 6750 §3.1: a token that is refused is `invalid_token`, whatever was wrong with it (RFC 9068 §4).
    fn challenge(&self, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        let challenge = Challenge::bearer(realm);
        Some(match refused.map(Denial::kind) {
            Some(ProblemType::InvalidToken) => challenge.error(BearerError::InvalidToken),
            Some(ProblemType::InvalidRequest) => challenge.error(BearerError::InvalidRequest),
            _ => challenge,
        })
    }
}
