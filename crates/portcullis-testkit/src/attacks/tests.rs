use std::collections::HashSet;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

use super::*;
use crate::{TEST_AUDIENCE, TEST_ISSUER};

/// What the other maker's judge leaves to its caller, although the issuer's own key signed it.
const LEFT_TO_THE_CALLER: [&str; 9] =
    ["crit:", "b64:", "typ", "cty", "claims:", "kid", "header:", "unknown member twice", "bound to a key"];

fn lists() -> (TestIssuer, Vec<Attack>) {
    let (issuer, attacker) =
        (TestIssuer::offline(TEST_ISSUER), TestIssuer::offline("https://attacker.example"));
    let attacks = all(&issuer, &attacker);
    (issuer, attacks)
}

#[test]
fn every_attack_has_a_name_and_a_token_of_its_own() {
    let (_, attacks) = lists();
    let (mut names, mut tokens) = (HashSet::new(), HashSet::new());
    for attack in &attacks {
        assert!(names.insert(&attack.name) && tokens.insert(&attack.token), "{attack:?}");
    }
    assert!(attacks.len() > 200, "{}", attacks.len());
}

/// A2.25, in its order: each family, and how the names of its attacks begin.
const FAMILIES: [(&str, &[&str]); 20] = [
    ("alg none variants", &["alg `none`, unsigned", "alg `nOnE`, unsigned", "alg `none`, another signature"]),
    ("stripped or blank signature", &["signature stripped", "ES256 of zeros", "RS256 of zeros"]),
    ("signature of another token", &["signature of another token"]),
    (
        "a public key as secret",
        &["HS256 with RS256 as PEM", "HS256 with RS256 as DER", "HS256 with RS256 as JWK"],
    ),
    ("embedded jwk", &["embedded jwk"]),
    ("jku and x5u", &["jku to the attacker", "x5u to the attacker", "jku to a metadata service"]),
    ("kid: path traversal", &["kid of path traversal"]),
    ("kid: null device", &["kid of null device"]),
    ("kid: SQL", &["kid of SQL"]),
    ("kid: command", &["kid of command"]),
    ("kid: CRLF", &["kid of CRLF"]),
    ("empty HMAC key", &["HS256 with the secret ``"]),
    ("known weak secrets", &["HS256 with the secret `secret`", "HS256 with the secret `password`"]),
    ("claims edited after signing", &["subject edited", "scope edited", "expiry edited"]),
    ("duplicated claims", &["claims: sub twice", "claims: exp twice", "claims: scope twice"]),
    ("cty tricks", &["cty `"]),
    ("psychic signature", &["ES256 of zeros", "ES256: r = 0, s = 1", "ES256: r = s = 0, one octet each"]),
    ("exp, nbf, iat", &["expired", "not valid yet", "issued in the future", "exp is ", "nbf is ", "iat is "]),
    ("cross-issuer and cross-audience replay", &["a token of the attacker's issuer", "aud: another"]),
    ("oversized and nested JSON", &["claims: 64 KiB", "claims: a list 4000 deep", "form: 27 KB"]),
];

#[test]
fn no_family_of_attacks_is_missing() {
    let (_, attacks) = lists();
    for (family, names) in FAMILIES {
        for begin in names {
            let is_there = attacks.iter().any(|attack| attack.name.starts_with(begin));
            assert!(is_there, "{family}: nothing begins with `{begin}`");
        }
    }
}

#[test]
fn every_token_can_stand_in_a_header_field() {
    for attack in lists().1 {
        let printable = attack.token.bytes().all(|octet| matches!(octet, b' '..=b'~'));
        assert!(printable && attack.token.len() < 200_000, "{attack:?}");
    }
}

#[test]
fn what_is_no_token68_is_to_be_answered_400() {
    let (_, attacks) = lists();
    let status = |name: &str| attacks.iter().find(|attack| attack.name == name).unwrap().status();
    assert_eq!(status("form: nothing"), 400);
    assert_eq!(status("form: two tokens"), 400);
    assert_eq!(status("base64: padding inside"), 400);
    assert_eq!(status("base64: padding after"), 401);
    assert_eq!(status("expired"), 401);
}

/// The list is worth nothing unless the token that it begins with is accepted.
#[test]
fn the_base_is_valid_and_a_careful_judge_refuses_what_it_looks_at() {
    let (issuer, attacks) = lists();
    let jwk: Jwk = serde_json::from_value(issuer.jwk(crate::Algorithm::Es256)).unwrap();
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    let mut judge = Validation::new(Algorithm::ES256);
    judge.validate_nbf = true;
    judge.set_audience(&[TEST_AUDIENCE]);
    judge.set_issuer(&[TEST_ISSUER]);
    judge.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    assert!(decode::<Value>(&issuer.token("alice").sign(), &key, &judge).is_ok());

    let accepted: Vec<_> = attacks
        .iter()
        .filter(|attack| decode::<Value>(&attack.token, &key, &judge).is_ok())
        .map(|attack| attack.name.as_str())
        .collect();
    let surprising: Vec<_> = accepted
        .iter()
        .filter(|name| !LEFT_TO_THE_CALLER.iter().any(|known| name.starts_with(known)))
        .filter(|name| {
            !name.contains(" is ")
                && !name.contains(" under the kid of ")
                && !name.ends_with(" missing")
                && !name.starts_with("iss")
        })
        .filter(|name| {
            !name.starts_with("aud") && !name.starts_with("form: 27 KB") && !name.starts_with("issued")
        })
        .collect();
    assert!(surprising.is_empty(), "{surprising:?}");
    // And it shows that our own checks are needed.
    assert!(accepted.contains(&"crit: unknown extension") && accepted.contains(&"claims: scope twice"));
}
