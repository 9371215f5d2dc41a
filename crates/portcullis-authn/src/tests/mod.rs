//! The schemes of a route, and the layer, from outside.

mod challenges;
mod configuration;
mod layer;
mod picking;

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

    fn challenge(&self, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        match &self.0 {
            CredentialShape::Basic => Some(Challenge::basic(realm)),
            CredentialShape::Header(_) => None,
            CredentialShape::Scheme(name) => Some(Challenge::new(name, realm)),
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

fn bearer(token: TokenShape) -> Stub {
    Stub(CredentialShape::Bearer(token))
}

fn header(name: &'static str) -> Stub {
    Stub(CredentialShape::Header(HeaderName::from_static(name)))
}

fn builder() -> SchemesBuilder {
    Schemes::builder("example", Clock::system())
}

/// One scheme of each shape: `jwt`, `opaque`, `key`, `password`, `header`, `dpop`.
fn every_shape() -> Schemes {
    builder()
        .scheme("jwt", bearer(TokenShape::Jwt))
        .scheme("opaque", bearer(TokenShape::Opaque))
        .scheme("key", bearer(TokenShape::Prefixed("pk_".into())))
        .scheme("password", Stub(CredentialShape::Basic))
        .scheme("header", header("x-api-key"))
        .scheme("dpop", Stub(CredentialShape::Scheme("DPoP")))
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

    fn challenge(&self, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        self.0.challenge(realm, refused)
    }
}
