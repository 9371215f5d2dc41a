//! Which key verifies which token (A2.4, A2.5, A2.16, A3.5, A3.13).

use portcullis_core::{Reason, Secret};
use portcullis_testkit::{Algorithm as Signer, FakeClock, TestIssuer};
use serde_json::{Value, json};

use super::{AUDIENCE, Bench, ISSUER};
use crate::{Algorithm, Issuer, JwtBearer, StaticKeys};

/// A3.5, A3.13: any signing key of the set, whatever its algorithm and place.
#[test]
fn tokens_of_every_asymmetric_algorithm_verify() {
    let bench = Bench::of_every_algorithm();
    for algorithm in Signer::ASYMMETRIC {
        assert_eq!(bench.accepts(&bench.token().algorithm(*algorithm)).subject(), "alice", "{algorithm:?}");
    }
}

/// A2.5, A2.16, RFC 8725 §3.1: one key, one algorithm, whatever the header says.
#[test]
fn a_key_that_names_its_algorithm_serves_no_other() {
    let bench = Bench::new();
    for signer in Signer::ASYMMETRIC {
        for named in Signer::ASYMMETRIC.iter().filter(|named| *named != signer) {
            let kid = bench.server.jwk(*named)["kid"].as_str().unwrap().to_owned();
            bench.check(|token| token.algorithm(*signer).kid(&kid), Reason::TokenAlgorithmRefused);
        }
    }
}

/// A2.4, RFC 8725 §3.1.
#[test]
fn an_algorithm_off_the_list_is_refused_although_a_key_serves_it() {
    let bench = Bench::with(|issuer| issuer.algorithms([Algorithm::ES256]));
    bench.accepts(&bench.token());
    for algorithm in Signer::ASYMMETRIC.iter().filter(|algorithm| **algorithm != Signer::Es256) {
        bench.check(|token| token.algorithm(*algorithm), Reason::TokenAlgorithmRefused);
    }
}

/// A2.4, A2.5, RFC 8725 §3.1: there is no default "all algorithms", and one key serves one.
#[test]
fn without_a_list_tokens_have_one_of_four_algorithms_and_each_key_serves_one() {
    let default = Bench::new();
    let served =
        |signer: &Signer| matches!(signer, Signer::EdDsa | Signer::Es256 | Signer::Es384 | Signer::Rs256);
    for signer in Signer::ASYMMETRIC {
        match served(signer) {
            true => drop(default.accepts(&default.token().algorithm(*signer))),
            false => default.check(|token| token.algorithm(*signer), Reason::TokenAlgorithmRefused),
        }
    }
    // An RSA key that names none.
    let server = TestIssuer::offline(ISSUER);
    let mut key = server.jwk(Signer::Rs256);
    key.as_object_mut().unwrap().remove("alg");
    let (kid, keys) = (key["kid"].as_str().unwrap().to_owned(), json!({ "keys": [key] }).to_string());
    let bench = Bench::with(|issuer| issuer.keys(StaticKeys::new().jwks(keys)));
    let server = server.with_clock(bench.time.clock());
    let token = |signer| server.token("alice").algorithm(signer).kid(&kid).sign();
    assert!(bench.verify(&token(Signer::Rs256)).is_ok());
    for signer in [Signer::Rs384, Signer::Rs512, Signer::Ps256, Signer::Ps384, Signer::Ps512] {
        bench.refuses(&token(signer), Reason::TokenAlgorithmRefused);
    }
}

/// Whoever has other keys alone hears of it when the application starts.
#[test]
fn keys_for_none_of_the_default_algorithms_are_an_error_until_theirs_is_named() {
    let time = FakeClock::new();
    let build = |named: &[Algorithm]| {
        let keys = json!({ "keys": [TestIssuer::offline(ISSUER).jwk(Signer::Ps384)] }).to_string();
        let issuer = Issuer::new(ISSUER).audience(AUDIENCE).keys(StaticKeys::new().jwks(keys));
        let issuer = if named.is_empty() { issuer } else { issuer.algorithms(named.iter().copied()) };
        JwtBearer::issuer(issuer).build(&time.clock()).map(drop)
    };
    let errors = build(&[]).unwrap_err().to_string();
    assert!(errors.contains("none of the default algorithms"), "{errors}");
    assert!(build(&[Algorithm::PS384]).is_ok());
}

/// RFC 9864 §2.2.
#[test]
fn ed25519_is_another_name_of_eddsa() {
    let bench = Bench::new();
    bench.accepts(&bench.token().algorithm(Signer::EdDsa).header("alg", "Ed25519"));
}

/// A2.14: without a name the algorithm tells the keys apart.
#[test]
fn a_token_without_a_kid_is_tried_with_the_keys_of_its_algorithm() {
    let bench = Bench::of_every_algorithm();
    for algorithm in Signer::ASYMMETRIC {
        bench.accepts(&bench.token().algorithm(*algorithm).without_header("kid"));
    }
    let stranger = TestIssuer::offline(ISSUER);
    bench.check(|token| token.signed_by(&stranger).without_header("kid"), Reason::TokenSignatureInvalid);
}

/// The work that one token without `kid` can cause is bounded.
#[test]
fn a_token_without_a_kid_is_tried_with_eight_keys_and_no_more() {
    let with_keys = |strangers: usize| {
        let keys = (0..strangers).map(|index| {
            let mut key = TestIssuer::offline(ISSUER).jwk(Signer::Es256);
            key["kid"] = json!(format!("stranger-{index}"));
            key
        });
        let keys: Vec<Value> = keys.collect();
        move |own: Value| json!({ "keys": keys.into_iter().chain([own]).collect::<Vec<_>>() }).to_string()
    };
    for (strangers, accepted) in [(7, true), (8, false)] {
        let server = TestIssuer::offline(ISSUER);
        let document = with_keys(strangers)(server.jwk(Signer::Es256));
        let bench = Bench::with(|issuer| issuer.keys(StaticKeys::new().jwks(document)));
        let server = server.with_clock(bench.time.clock());
        let token = server.token("alice").without_header("kid").sign();
        if accepted {
            assert!(bench.verify(&token).is_ok());
        } else {
            bench.refuses(&token, Reason::TokenKeyUnknown);
        }
        // With its `kid` it costs one verification, however many keys there are.
        assert!(bench.verify(&server.token("alice").sign()).is_ok());
    }
}

/// A2.10: a shared secret serves where it is configured, and there alone.
#[test]
fn a_configured_secret_verifies_its_one_algorithm() {
    for (signer, algorithm) in [
        (Signer::Hs256, Algorithm::HS256),
        (Signer::Hs384, Algorithm::HS384),
        (Signer::Hs512, Algorithm::HS512),
    ] {
        let server = TestIssuer::offline(ISSUER);
        let keys = StaticKeys::new().secret(algorithm, Secret::new(server.secret()));
        let bench = Bench::with(|issuer| issuer.keys(keys).algorithms([algorithm]));
        let server = server.with_clock(bench.time.clock());
        assert!(bench.verify(&server.token("alice").algorithm(signer).sign()).is_ok(), "{algorithm}");
        for other in Signer::SYMMETRIC.iter().filter(|other| **other != signer) {
            bench.refuses(&server.token("alice").algorithm(*other).sign(), Reason::TokenAlgorithmRefused);
        }
        bench.refuses(
            &server.token("alice").algorithm(signer).signature([]).sign(),
            Reason::TokenSignatureInvalid,
        );
    }
}

/// A secret beside public keys does not make the public keys into secrets.
#[test]
fn a_secret_with_a_name_serves_tokens_of_that_name_alone() {
    let server = TestIssuer::offline(ISSUER);
    let keys = StaticKeys::new().jwks(server.jwks_json());
    let keys = keys.secret_with_kid("shared", Algorithm::HS256, Secret::new(server.secret()));
    let bench = Bench::with(|issuer| issuer.keys(keys));
    let server = server.with_clock(bench.time.clock());
    let token = |kid: &str| server.token("alice").algorithm(Signer::Hs256).kid(kid).sign();
    assert!(bench.verify(&token("shared")).is_ok());
    bench.refuses(&token("es256-1"), Reason::TokenAlgorithmRefused);
    bench.refuses(&token("other"), Reason::TokenKeyUnknown);
}

#[cfg(feature = "pem")]
#[test]
fn a_key_from_pem_verifies_the_algorithm_it_is_bound_to() {
    for (signer, algorithm) in [
        (Signer::Es256, Algorithm::ES256),
        (Signer::Es384, Algorithm::ES384),
        (Signer::EdDsa, Algorithm::EdDSA),
        (Signer::Rs256, Algorithm::RS256),
        (Signer::Ps384, Algorithm::PS384),
    ] {
        let server = TestIssuer::offline(ISSUER);
        let keys = StaticKeys::new().pem(algorithm, server.public_key_pem(signer));
        let bench = Bench::with(|issuer| issuer.keys(keys).algorithms([algorithm]));
        let server = server.with_clock(bench.time.clock());
        // A key without a name serves tokens of any name.
        assert!(bench.verify(&server.token("alice").algorithm(signer).sign()).is_ok(), "{algorithm}");
    }
    let server = TestIssuer::offline(ISSUER);
    let keys = StaticKeys::new().pem(Algorithm::RS256, server.public_key_pem(Signer::Rs256));
    let bench = Bench::with(|issuer| issuer.keys(keys));
    let token = server.with_clock(bench.time.clock()).token("alice").algorithm(Signer::Rs512).sign();
    bench.refuses(&token, Reason::TokenAlgorithmRefused);
}
