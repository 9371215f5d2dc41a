use portcullis_testkit::attacks;

use super::*;
use crate::{Issuer, JwtBearer};

/// A2.25: every attack is refused with 401, while the token that it begins with is accepted; and nothing that a
/// token says makes this side ask the attacker for anything (A2.13).
#[tokio::test]
async fn every_attack_is_refused_and_the_attacker_is_never_asked() {
    let (issuer, attacker) = (TestIssuer::start().await, TestIssuer::start().await);
    let accepted = Issuer::new(issuer.url()).audience(issuer.audience()).keys(RemoteKeys::discover());
    let scheme = JwtBearer::issuer(accepted.insecure_http_on_loopback());
    let verifier = scheme.build(&portcullis_core::Clock::system()).unwrap();

    let base = issuer.token("alice").scope("documents:read").roles(["admin"]);
    let principal = verifier.verify(&base.sign()).resolve().await.unwrap();
    assert_eq!(principal.subject(), "alice");

    for attack in attacks::against(&base, &attacker) {
        let answer = verifier.verify(&attack.token).resolve().await;
        let denial = answer.expect_err(&format!("{}: {}", attack.name, attack.why));
        assert_eq!(denial.status(), 401, "{}: {denial}", attack.name);
    }
    assert!(verifier.verify(&base.sign()).resolve().await.is_ok());
    assert_eq!(attacker.requests(), 0);
    // However many names of keys were invented.
    let most = 1 + usize::try_from(DEFAULT_BURST).unwrap();
    assert!(issuer.requests_to(JWKS) <= most, "{}", issuer.requests_to(JWKS));
}
