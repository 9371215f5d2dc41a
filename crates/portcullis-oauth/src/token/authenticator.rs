//! How the authentication layer asks.

use portcullis_authn::{Authenticator, Credential, CredentialShape, TokenSupport};
use portcullis_core::challenge::BearerError;
use portcullis_core::octets::Counted;
use portcullis_core::{Challenge, CredentialMethod, Denial, Principal, ProblemType, RequestView, Step};

use super::{TokenVerifier, Verified};
use crate::dpop::DpopVerifier;

/// Takes tokens of one form from the `Authorization` field, and proves what they are bound to.
#[derive(Debug)]
pub(crate) struct TokenAuthenticator<V> {
    verifier: V,
    dpop: Option<DpopVerifier>,
}

impl<V: TokenVerifier> TokenAuthenticator<V> {
    pub(crate) fn new(verifier: V) -> Self {
        Self { verifier, dpop: None }
    }

    /// Takes tokens with a proof as well, or alone.
    pub(crate) fn with_dpop(self, dpop: Option<DpopVerifier>) -> Self {
        Self { dpop, ..self }
    }

    /// A token by the scheme `Bearer`: it is bound to nothing, or to the certificate of the client.
    fn bearer(&self, token: Counted<'_>, request: &RequestView<'_>) -> Step<Result<Principal, Denial>> {
        held(self.verifier.verify(token), request)
    }

    /// A token by the scheme `DPoP`. The proof is looked at first: it needs the request, which is gone once the
    /// token's issuer was waited for, and junk must not make us ask there.
    fn with_proof(
        &self,
        dpop: &DpopVerifier,
        token: Counted<'_>,
        request: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        let evidence = match dpop.check(token.expose(), request) {
            Ok(evidence) => evidence,
            Err(denial) => return Step::Done(Err(denial)),
        };
        match self.verifier.verify(token) {
            Step::Done(Ok(verified)) => dpop.bind(verified, &evidence),
            Step::Done(Err(denial)) => Step::Done(Err(denial)),
            Step::Wait(wait) => {
                let dpop = dpop.clone();
                Step::wait(async move { dpop.bind(wait.await?, &evidence).resolve().await })
            }
        }
    }
}

impl<V: TokenVerifier> Authenticator for TokenAuthenticator<V> {
    fn shapes(&self) -> Vec<CredentialShape> {
        let (bearer, dpop) = (CredentialShape::Bearer, CredentialShape::Dpop);
        match &self.dpop {
            None => vec![bearer(self.verifier.shape())],
            Some(required) if required.is_required() => vec![dpop(self.verifier.shape())],
            Some(_) => vec![bearer(self.verifier.shape()), dpop(self.verifier.shape())],
        }
    }

    fn method(&self) -> CredentialMethod {
        self.verifier.method()
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        request: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        match (&self.dpop, credential.shape()) {
            (Some(dpop), CredentialShape::Dpop(_)) => self.with_proof(dpop, credential.counted(), request),
            _ => self.bearer(credential.counted(), request),
        }
    }

    fn recall(&self, octets: &[u8], request: &RequestView<'_>) -> Option<Step<Result<Principal, Denial>>> {
        self.verifier.recall(octets).map(|verified| held(verified, request))
    }

    /// RFC 6750 §3.1: a token that is refused is `invalid_token`, whatever was wrong with it (RFC 9068 §4).
    fn challenge(&self, shape: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        if let (Some(dpop), CredentialShape::Dpop(_)) = (&self.dpop, shape) {
            return Some(dpop.challenge(realm, refused));
        }
        let challenge = Challenge::bearer(realm);
        Some(match refused.map(Denial::kind) {
            Some(ProblemType::InvalidToken) => challenge.error(BearerError::InvalidToken),
            Some(ProblemType::InvalidRequest) => challenge.error(BearerError::InvalidRequest),
            _ => challenge,
        })
    }

    fn token_support(&self) -> Option<TokenSupport> {
        // RFC 8705 §3: with a certificate in sight, always.
        let support = TokenSupport::new(self.verifier.authorization_servers()).certificate_bound(true);
        Some(match &self.dpop {
            Some(dpop) => support.dpop(dpop.algorithms()).requiring_dpop(dpop.is_required()),
            None => support,
        })
    }
}

/// The caller, if the token is bound to nothing or to the certificate of the client.
fn held(
    verified: Step<Result<Verified, Denial>>,
    request: &RequestView<'_>,
) -> Step<Result<Principal, Denial>> {
    match verified {
        // Nobody looks for a certificate that no token asks about.
        Step::Done(Ok(verified)) if verified.confirmation().is_none() => Step::Done(Ok(verified.proven())),
        Step::Done(verified) => {
            let certificate = request.client_certificate();
            Step::Done(verified.and_then(|verified| verified.held_with(certificate)))
        }
        Step::Wait(wait) => {
            let certificate = request.client_certificate().cloned();
            Step::wait(async move { wait.await?.held_with(certificate.as_ref()) })
        }
    }
}
