//! Tokens: as text that nobody signed, and as header and claims that the issuer itself signed, however odd they are.

use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use portcullis::oauth::{Issuer, JwtBearer, JwtVerifier, StaticKeys};
use portcullis::{Denial, Principal};
use portcullis_testkit::{FakeClock, TestIssuer};
use serde_json::Value;

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://login.example.com";
const AUDIENCE: &str = "https://api.example.com";

pub fn run(octets: &[u8]) {
    is_accepted(octets);
}

/// Runs the target and says what came of it.
pub fn is_accepted(octets: &[u8]) -> bool {
    static SETUP: OnceLock<(TestIssuer, JwtVerifier)> = OnceLock::new();
    let (issuer, verifier) = SETUP.get_or_init(setup);
    if !octets.starts_with(b"{") {
        let verdict = verify(verifier, &String::from_utf8_lossy(octets));
        assert_eq!(verdict.unwrap_err().status(), 401, "a token that nobody signed");
        return false;
    }
    let (header, claims) = match octets.iter().position(|octet| *octet == b'\n') {
        Some(end) => (&octets[..end], &octets[end + 1..]),
        None => (octets, &b"{}"[..]),
    };
    let token = issuer.token("nobody").header_text(header).claims_text(claims).sign();
    let verdict = verify(verifier, &token);
    match &verdict {
        Err(denial) => assert_eq!(denial.status(), 401, "{denial:?}"),
        Ok(principal) => check_accepted(header, claims, principal),
    }
    verdict.is_ok()
}

/// What is accepted says by itself, to any other reader of JSON, that it is for us and valid now.
fn check_accepted(header: &[u8], claims: &[u8], principal: &Principal) {
    let header: Value = serde_json::from_slice(header).unwrap();
    let claims: Value = serde_json::from_slice(claims).unwrap();
    assert_eq!(header["alg"], "ES256");
    assert!(header.get("crit").is_none() && header.get("enc").is_none());
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["sub"], principal.subject());
    let audience = &claims["aud"];
    assert!(audience == AUDIENCE || audience.as_array().is_some_and(|list| list.contains(&AUDIENCE.into())));
    let leeway = 300.0;
    assert!(claims["exp"].as_f64().unwrap() > NOW as f64 - leeway);
    assert!(claims.get("nbf").is_none_or(|nbf| nbf.as_f64().unwrap() < NOW as f64 + leeway));
}

fn verify(verifier: &JwtVerifier, token: &str) -> Result<Principal, Denial> {
    verifier.verify(token).done().expect("local keys make it known at once")
}

fn setup() -> (TestIssuer, JwtVerifier) {
    let clock = FakeClock::at(UNIX_EPOCH + Duration::from_secs(NOW)).clock();
    let issuer = TestIssuer::offline(ISSUER).with_clock(clock.clone()).with_audience(AUDIENCE);
    let keys = StaticKeys::new().jwks(issuer.jwks_json());
    let verifier =
        JwtBearer::issuer(Issuer::new(ISSUER).audience(AUDIENCE).keys(keys)).build(&clock).unwrap();
    (issuer, verifier)
}
