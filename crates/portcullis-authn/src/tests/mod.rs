//! The schemes of a route, and the layer, from outside.

mod challenges;
mod configuration;
mod layer;
mod picking;
mod recalling;
mod seen;

use std::sync::Arc;

use http::HeaderName;
use portcullis_core::challenge::BearerError;
use portcullis_core::{Challenge, Clock, CredentialMethod, Denial, Principal, Reason, RequestView, Step};

use crate::testing::principal;
use crate::{Authenticator, Credential, CredentialShape, Schemes, SchemesBuilder, TokenShape};

/// Takes every credential of its shape that does not end with `bad`; the caller is the name of the scheme.
struct Stub(CredentialShape);

impl Authenticator for Stub {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![self.0.clone()]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Other("stub")
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        _: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        let refused = credential.expose().ends_with("bad");
        let answer =
            if refused { Err(Denial::new(Reason::TokenExpired)) } else { Ok(principal(credential.scheme())) };
        // What must wait is decided the same way.
        if credential.expose().starts_with("slow") {
            Step::wait(async { answer })
        } else {
            Step::Done(answer)
        }
    }

    fn challenge(&self, shape: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        match shape {
            CredentialShape::Basic => Some(Challenge::basic(realm)),
            CredentialShape::ClientCertificate | CredentialShape::Header(_) => None,
            CredentialShape::Scheme(name) => Some(Challenge::new(name, realm)),
            CredentialShape::Dpop(_) => {
                let challenge = Challenge::new("DPoP", realm).parameter("algs", "ES256");
                Some(match refused.map(|denial| denial.status().as_u16()) {
                    Some(401) => challenge.error(BearerError::InvalidToken),
                    Some(400) => challenge.error(BearerError::InvalidRequest),
                    _ => challenge,
                })
            }
            CredentialShape::Bearer(_) => Some(match refused.map(|denial| denial.status().as_u16()) {
                Some(401) => Challenge::bearer(realm)
                    .error(BearerError::InvalidToken)
                    .error_description("The access token expired"),
                Some(400) => Challenge::bearer(realm).error(BearerError::InvalidRequest),
                _ => Challenge::bearer(realm),
            }),
        }
    }
}

/// Takes tokens with the prefix `both_` as `Bearer` and as `DPoP`.
struct Both;

impl Authenticator for Both {
    fn shapes(&self) -> Vec<CredentialShape> {
        let prefixed = || TokenShape::Prefixed("both_".into());
        vec![CredentialShape::Bearer(prefixed()), CredentialShape::Dpop(prefixed())]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Other("both")
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        request: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        Stub(credential.shape().clone()).authenticate(credential, request)
    }

    fn challenge(&self, shape: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        Stub(shape.clone()).challenge(shape, realm, refused)
    }
}

fn bearer(token: TokenShape) -> Stub {
    Stub(CredentialShape::Bearer(token))
}

fn header(name: &'static str) -> Stub {
    Stub(CredentialShape::Header(HeaderName::from_static(name)))
}

fn builder() -> SchemesBuilder {
    Schemes::builder("example", Clock::system())
}

/// One scheme of each shape: `jwt`, `opaque`, `key`, `password`, `header`, `dpop`, `slow`, and `both`, which takes other
/// tokens in both ways.
fn every_shape() -> Schemes {
    builder()
        .scheme("jwt", bearer(TokenShape::Jwt))
        .scheme("opaque", bearer(TokenShape::Opaque))
        .scheme("key", bearer(TokenShape::Prefixed("pk_".into())))
        .scheme("password", Stub(CredentialShape::Basic))
        .scheme("header", header("x-api-key"))
        .scheme("dpop", Stub(CredentialShape::Dpop(TokenShape::Jwt)))
        .scheme("both", Both)
        .scheme("slow", Stub(CredentialShape::Scheme("Slow")))
        .build()
        .unwrap()
}

/// Counts how often it is asked, so that finality can be shown.
struct Counting(Stub, Arc<std::sync::atomic::AtomicUsize>);

impl Authenticator for Counting {
    fn shapes(&self) -> Vec<CredentialShape> {
        self.0.shapes()
    }

    fn method(&self) -> CredentialMethod {
        self.0.method()
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        request: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.0.authenticate(credential, request)
    }

    fn challenge(&self, shape: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        self.0.challenge(shape, realm, refused)
    }
}
