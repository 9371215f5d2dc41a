use std::time::UNIX_EPOCH;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation, decode};

use super::*;
use crate::{FakeClock, TEST_ISSUER};

const HOSTS: &[&str] = &[TEST_AUDIENCE];

fn judge(algorithm: Algorithm) -> Validation {
    let name = algorithm.name().parse().unwrap();
    let mut judge = Validation::new(name);
    judge.leeway = 0;
    judge.validate_nbf = true;
    judge.set_audience(HOSTS);
    judge.set_issuer(&[TEST_ISSUER]);
    judge.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    judge
}

/// Whether a judge of another maker takes the token, with the issuer's newest key for the algorithm.
fn verifies(issuer: &TestIssuer, algorithm: Algorithm, token: &str) -> bool {
    let jwk: Jwk = serde_json::from_value(issuer.jwk(algorithm)).unwrap();
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    decode::<Value>(token, &key, &judge(algorithm)).is_ok()
}

#[test]
fn tokens_of_every_algorithm_verify_with_their_key_and_with_no_other_issuers() {
    let (issuer, other) = (TestIssuer::offline(TEST_ISSUER), TestIssuer::offline(TEST_ISSUER));
    for algorithm in Algorithm::ASYMMETRIC.iter().chain(Algorithm::SYMMETRIC) {
        let token = issuer.token("alice").algorithm(*algorithm).sign();
        assert!(verifies(&issuer, *algorithm, &token), "{algorithm:?}");
        assert!(!verifies(&other, *algorithm, &token), "{algorithm:?}");
    }
}

#[test]
fn a_token_has_all_that_rfc_9068_requires() {
    let time = FakeClock::new();
    let token = TestIssuer::offline(TEST_ISSUER).with_clock(time.clock()).token("alice").sign();
    let (header, claims) = (tamper::header_of(&token), tamper::claims_of(&token));
    assert_eq!(header, serde_json::json!({ "alg": "ES256", "typ": "at+jwt", "kid": "es256-1" }));
    assert_eq!(claims["iss"], TEST_ISSUER);
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["aud"], TEST_AUDIENCE);
    assert_eq!(claims["client_id"], TEST_CLIENT);
    assert_eq!(claims["iat"], FakeClock::START.as_secs());
    assert_eq!(claims["exp"], FakeClock::START.as_secs() + 300);
    assert!(claims["jti"].as_str().unwrap().starts_with("token-"));
}

#[test]
fn each_token_has_an_identifier_of_its_own() {
    let issuer = TestIssuer::offline(TEST_ISSUER);
    let id = |token: String| tamper::claims_of(&token)["jti"].clone();
    assert_ne!(id(issuer.token("alice").sign()), id(issuer.token("alice").sign()));
}

#[track_caller]
fn check_refused(change: impl FnOnce(TokenBuilder) -> TokenBuilder) {
    let issuer = TestIssuer::offline(TEST_ISSUER);
    let token = change(issuer.token("alice")).sign();
    assert!(!verifies(&issuer, Algorithm::Es256, &token), "{token}");
}

#[test]
fn each_wrong_token_is_wrong_to_a_judge_of_another_maker() {
    check_refused(|token| token.expired_since(Duration::from_secs(1)));
    check_refused(|token| token.not_before_in(Duration::from_secs(30)));
    check_refused(|token| token.audience("https://other.example"));
    check_refused(|token| token.audiences([]));
    check_refused(|token| token.claimed_issuer("https://issuer.example/"));
    check_refused(|token| token.without("exp"));
    check_refused(|token| token.without_header("alg"));
    check_refused(|token| token.header("alg", "none"));
    check_refused(|token| token.signature([]));
    check_refused(|token| token.signature([0; 64]));
    check_refused(|token| token.signed_by(&TestIssuer::offline(TEST_ISSUER)));
    check_refused(|token| token.hmac_signed("secret"));
    check_refused(|token| token.algorithm(Algorithm::Rs256));
    check_refused(|token| token.header_text("{"));
    check_refused(|token| token.claims_text("[]"));
}

#[test]
fn tampering_changes_exactly_what_it_says() {
    let issuer = TestIssuer::offline(TEST_ISSUER);
    let (token, other) = (issuer.token("alice").sign(), issuer.token("bob").sign());
    let edited = [
        tamper::with_claim(&token, "sub", "admin"),
        tamper::with_header(&token, "kid", "../../dev/null"),
        tamper::with_signature_of(&token, &other),
        tamper::with_signature(&token, [0; 64]),
        tamper::without_signature(&token),
    ];
    for text in &edited {
        let differing = (0..3).filter(|index| tamper::part(&token, *index) != tamper::part(text, *index));
        assert_eq!(differing.count(), 1, "{text}");
        assert!(!verifies(&issuer, Algorithm::Es256, text), "{text}");
    }
}

/// RFC 4648 §3.5: the same octets in another text.
#[test]
fn trailing_bits_change_the_text_and_not_the_octets() {
    let token = TestIssuer::offline(TEST_ISSUER).token("alice").sign();
    let other = tamper::with_trailing_bits(&token).unwrap();
    assert_ne!(token, other);
    assert!(BASE64_URL_SAFE_NO_PAD.decode(tamper::part(&other, 2)).is_err());
    let forgiving = base64::engine::GeneralPurpose::new(
        &base64::alphabet::URL_SAFE,
        base64::engine::GeneralPurposeConfig::new()
            .with_encode_padding(false)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    assert_eq!(forgiving.decode(tamper::part(&other, 2)).unwrap(), tamper::signature_of(&token));
}

#[test]
fn rotation_changes_which_keys_are_published() {
    let issuer = TestIssuer::offline(TEST_ISSUER);
    let published =
        |issuer: &TestIssuer, kid: &str| issuer.jwks_json().contains(&format!("\"kid\":\"{kid}\""));
    let first = issuer.token("alice").sign();

    issuer.rotate_with_overlap();
    assert!(published(&issuer, "es256-1") && published(&issuer, "es256-2"));
    assert_eq!(tamper::header_of(&issuer.token("alice").sign())["kid"], "es256-2");

    issuer.retire_old_keys();
    assert!(!published(&issuer, "es256-1") && published(&issuer, "es256-2"));

    issuer.rotate();
    assert!(!published(&issuer, "es256-2") && published(&issuer, "es256-3"));

    let (before, numbers) = (issuer.jwk(Algorithm::Es256), issuer.jwk(Algorithm::Rs256)["n"].clone());
    issuer.rotate_keeping_kids();
    let after = issuer.jwk(Algorithm::Es256);
    assert_eq!(before["kid"], after["kid"]);
    assert_ne!(before["x"], after["x"]);
    assert_ne!(issuer.jwk(Algorithm::Rs256)["n"], numbers);
    assert!(!verifies(&issuer, Algorithm::Es256, &first));
}

#[test]
fn issuers_that_live_at_the_same_time_share_no_key() {
    let (one, two) = (TestIssuer::offline(TEST_ISSUER), TestIssuer::offline(TEST_ISSUER));
    for algorithm in Algorithm::ASYMMETRIC {
        assert_ne!(one.public_key_der(*algorithm), two.public_key_der(*algorithm), "{algorithm:?}");
    }
    assert_ne!(one.secret(), two.secret());
}

#[test]
fn times_before_1970_and_far_ahead_do_no_harm() {
    let time = FakeClock::at(UNIX_EPOCH);
    let issuer = TestIssuer::offline(TEST_ISSUER).with_clock(time.clock());
    let token = issuer.token("alice").expired_since(Duration::from_secs(10)).sign();
    assert_eq!(tamper::claims_of(&token)["exp"], 0);
}
