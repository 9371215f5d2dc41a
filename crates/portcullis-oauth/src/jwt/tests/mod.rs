//! The verifier as a whole. A test that is about one token goes where its subject is: `attacks` for what an
//! attacker sends, `claims` for what an issuer may write, `keys` for which key verifies, `waiting` for sources
//! and deny-lists that take their time, `rotation` for keys that change, `judged` for comparison with another implementation, `naughty` for
//! text that breaks careless code, `vectors` for the examples of the RFCs.

mod attacks;
mod claims;
mod judged;
mod keys;
mod mapping;
mod naughty;
mod rotation;
mod vectors;
mod waiting;

use portcullis_core::{Denial, Principal, Reason};
use portcullis_testkit::{FakeClock, TestIssuer, TokenBuilder};

use super::JwtVerifier;
use crate::{Algorithm, Issuer, JwtBearer, StaticKeys};

pub(super) const ISSUER: &str = "https://issuer.example";
pub(super) const AUDIENCE: &str = "https://api.example";

/// An issuer, a clock that stands still, and a verifier that knows both.
pub(super) struct Bench {
    pub(super) server: TestIssuer,
    pub(super) time: FakeClock,
    pub(super) verifier: JwtVerifier,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(|issuer| issuer)
    }

    /// Allows whatever a public key can verify.
    pub(super) fn of_every_algorithm() -> Self {
        let asymmetric = Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric());
        Self::with(|issuer| issuer.algorithms(asymmetric))
    }

    pub(super) fn with(change: impl FnOnce(Issuer) -> Issuer) -> Self {
        Self::scheme(change, |scheme| scheme)
    }

    pub(super) fn scheme(
        change: impl FnOnce(Issuer) -> Issuer,
        also: impl FnOnce(JwtBearer) -> JwtBearer,
    ) -> Self {
        let time = FakeClock::new();
        let server = TestIssuer::offline(ISSUER).with_clock(time.clock());
        let issuer = Issuer::new(ISSUER).audience(AUDIENCE).keys(StaticKeys::new().jwks(server.jwks_json()));
        let verifier = also(JwtBearer::issuer(change(issuer))).build(&time.clock()).unwrap();
        Self { server, time, verifier }
    }

    /// A valid token.
    pub(super) fn token(&self) -> TokenBuilder {
        self.server.token("alice")
    }

    pub(super) fn verify(&self, token: &str) -> Result<Principal, Denial> {
        self.verifier.verify(token).done().expect("nothing to wait for")
    }

    #[track_caller]
    pub(super) fn accepts(&self, token: &TokenBuilder) -> Principal {
        self.verify(&token.sign()).unwrap_or_else(|denial| panic!("{denial:?} for {token:?}"))
    }

    /// Every failure is `invalid_token`, 401 (A3.8, RFC 9068 §4).
    #[track_caller]
    pub(super) fn refuses(&self, token: &str, reason: Reason) {
        match self.verify(token) {
            Ok(_) => panic!("accepted: {token}"),
            Err(denial) => {
                assert_eq!(denial.reason(), reason, "{token}");
                assert_eq!(denial.status(), 401, "{token}");
                let said = format!("{denial:?} {denial}");
                assert!(!token.split('.').any(|part| part.len() > 8 && said.contains(part)), "{said}");
            }
        }
    }

    #[track_caller]
    pub(super) fn check(&self, change: impl FnOnce(TokenBuilder) -> TokenBuilder, reason: Reason) {
        self.refuses(&change(self.token()).sign(), reason);
    }
}
