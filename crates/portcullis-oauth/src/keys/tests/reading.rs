use portcullis_testkit::{Algorithm as Signer, TestIssuer};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Algorithm;
use crate::keys::{KeySet, KeySetError, MAX_KEY_SET_OCTETS, MAX_KEYS, UnusableKey, VerifyingKey};

fn jwk(signer: Signer) -> Value {
    TestIssuer::offline("https://issuer.example").jwk(signer)
}

/// The key with a member set, or removed by `null`.
fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    let members = jwk.as_object_mut().unwrap();
    if value.is_null() {
        drop(members.remove(name))
    } else {
        drop(members.insert(name.to_owned(), value))
    }
    jwk
}

fn read(jwk: &Value) -> Result<VerifyingKey, UnusableKey> {
    let (set, skipped) = KeySet::from_jwks_json(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
    assert_eq!(set.len() + skipped.len(), 1);
    skipped.first().map_or_else(|| Ok(set.keys()[0].clone()), |skipped| Err(skipped.reason))
}

#[track_caller]
fn check(jwk: &Value, expected: Result<&[Algorithm], UnusableKey>) {
    let read = read(jwk).map(|key| key.algorithms().collect::<Vec<_>>());
    assert_eq!(read.as_deref().map_err(|reason| *reason), expected, "{jwk}");
}

/// A2.5, A2.16, RFC 7517 §4.4, RFC 8725 §3.1.
#[test]
fn a_key_serves_the_algorithm_it_names_or_those_of_its_type() {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    check(&with(jwk(Signer::Rs256), "alg", json!(null)), Ok(&[RS256, RS384, RS512, PS256, PS384, PS512]));
    check(&jwk(Signer::Ps384), Ok(&[PS384]));
    check(&with(jwk(Signer::Es256), "alg", json!(null)), Ok(&[ES256]));
    check(&with(jwk(Signer::Es384), "alg", json!(null)), Ok(&[ES384]));
    check(&with(jwk(Signer::EdDsa), "alg", json!("Ed25519")), Ok(&[EdDSA]));
    for (signer, alg) in [
        (Signer::Rs256, "ES256"),
        (Signer::Rs256, "HS256"),
        (Signer::Rs256, "RSA-OAEP"),
        (Signer::Rs256, "none"),
        (Signer::Es256, "ES384"),
        (Signer::Es256, "EdDSA"),
        (Signer::EdDsa, "ES256"),
    ] {
        check(&with(jwk(signer), "alg", json!(alg)), Err(UnusableKey::Algorithm));
    }
}

/// A2.16, RFC 7517 §4.2-4.3.
#[test]
fn a_key_that_is_not_for_verifying_is_skipped() {
    let key = || jwk(Signer::Es256);
    for purpose in ["enc", "SIG", "", "signature"] {
        check(&with(key(), "use", json!(purpose)), Err(UnusableKey::NotForVerifying));
    }
    for operations in [json!([]), json!(["sign"]), json!(["encrypt", "wrapKey"]), json!(["Verify"])] {
        check(&with(key(), "key_ops", operations), Err(UnusableKey::NotForVerifying));
    }
    check(&with(key(), "key_ops", json!(["verify"])), Ok(&[Algorithm::ES256]));
    check(&with(key(), "use", json!(null)), Ok(&[Algorithm::ES256]));
}

/// A2.17, RFC 7517 §5.
#[test]
fn a_malformed_key_is_skipped() {
    for (signer, name) in [
        (Signer::Rs256, "n"),
        (Signer::Rs256, "e"),
        (Signer::Es256, "crv"),
        (Signer::Es256, "x"),
        (Signer::Es256, "y"),
        (Signer::EdDsa, "x"),
        (Signer::EdDsa, "kty"),
    ] {
        for value in [json!(null), json!(1), json!(""), json!("AQ=="), json!("é"), json!(["AQ"])] {
            let unsupported = matches!(name, "crv" | "kty") && value.is_string();
            let reason = if unsupported { UnusableKey::Unsupported } else { UnusableKey::Malformed };
            check(&with(jwk(signer), name, value), Err(reason));
        }
    }
    for (name, value) in [
        ("kid", json!(1)),
        ("alg", json!(1)),
        ("use", json!(["sig"])),
        ("key_ops", json!("verify")),
        ("x5c", json!("MIIB")),
        ("x5c", json!([1])),
    ] {
        check(&with(jwk(Signer::Es256), name, value), Err(UnusableKey::Malformed));
    }
    for entry in [json!(null), json!("key"), json!([]), json!({})] {
        check(&entry, Err(UnusableKey::Malformed));
    }
}

/// A2.10, RFC 7518 §3.3.
#[test]
fn rsa_keys_below_2048_bits_or_with_a_bad_exponent_are_skipped() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let number = |octets: &[u8]| json!(URL_SAFE_NO_PAD.encode(octets));
    let odd = |length: usize| [&[0xc5; 1][..], &vec![0x11; length - 1]].concat();
    let key = |n: &[u8], e: &[u8]| with(with(jwk(Signer::Rs256), "n", number(n)), "e", number(e));
    for (n, e, reason) in [
        (odd(128), vec![1, 0, 1], UnusableKey::Weak),
        (odd(255), vec![1, 0, 1], UnusableKey::Weak),
        ([&[0x7f][..], &odd(255)].concat(), vec![1, 0, 1], UnusableKey::Weak),
        (odd(1025), vec![1, 0, 1], UnusableKey::Weak),
        ([&odd(255)[..], &[2]].concat(), vec![1, 0, 1], UnusableKey::Weak),
        (odd(256), vec![1], UnusableKey::Weak),
        (odd(256), vec![2], UnusableKey::Weak),
        (odd(256), vec![1, 0, 0], UnusableKey::Weak),
        (odd(256), vec![1, 0, 0, 0, 1], UnusableKey::Weak),
        (odd(256), vec![0, 1, 0, 1], UnusableKey::Malformed),
        ([&[0][..], &odd(256)].concat(), vec![1, 0, 1], UnusableKey::Malformed),
    ] {
        check(&key(&n, &e), Err(reason));
    }
    check(&key(&odd(256), &[1, 0, 1]), Ok(&[Algorithm::RS256]));
}

/// A2.11, RFC 8725 §3.4.
#[test]
fn points_off_the_curve_are_skipped() {
    let key = jwk(Signer::Es256);
    let swapped = with(with(key.clone(), "x", key["y"].clone()), "y", key["x"].clone());
    check(&swapped, Err(UnusableKey::NotOnCurve));
    let zero = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    check(&with(with(key.clone(), "x", zero.clone()), "y", zero), Err(UnusableKey::NotOnCurve));
    check(&with(key.clone(), "crv", json!("P-384")), Err(UnusableKey::Malformed));
    for curve in ["P-521", "secp256k1", "Ed25519", "p-256"] {
        check(&with(key.clone(), "crv", json!(curve)), Err(UnusableKey::Unsupported));
    }
    check(&with(jwk(Signer::EdDsa), "crv", json!("X25519")), Err(UnusableKey::Unsupported));
}

/// A2.10, A2.14: secrets and private keys are never taken from what anyone can read.
#[test]
fn symmetric_and_private_keys_in_a_set_are_skipped() {
    check(&jwk(Signer::Hs256), Err(UnusableKey::Symmetric));
    for (signer, member) in
        [(Signer::Es256, "d"), (Signer::Rs256, "d"), (Signer::Rs256, "p"), (Signer::EdDsa, "d")]
    {
        check(&with(jwk(signer), member, json!("AQAB")), Err(UnusableKey::PrivateKeyPublished));
    }
}

/// A2.17, RFC 7517 §5.
#[test]
fn bad_keys_do_not_spoil_the_set() {
    let issuer = TestIssuer::offline("https://issuer.example");
    let keys = json!([
        {"kty": "FUTURE", "kid": "a\n"},
        issuer.jwk(Signer::Es256),
        {"kty": "RSA", "kid": 7},
        issuer.jwk(Signer::EdDsa),
        "no key",
        issuer.jwk(Signer::Es256),
    ]);
    let (set, skipped) = KeySet::from_jwks_json(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    assert_eq!(set.len(), 2);
    assert!(set.knows("es256-1") && set.knows("eddsa-1"));
    assert_eq!(skipped.iter().map(|skipped| skipped.index).collect::<Vec<_>>(), [0, 2, 4]);
    assert_eq!(skipped[0].to_string(), r"key 0 with kid `a\u{a}`: the key type or curve is not supported");
}

#[test]
fn keys_that_share_a_name_are_all_found_by_it() {
    let issuer = TestIssuer::offline("https://issuer.example");
    let named = |signer| with(issuer.jwk(signer), "kid", json!("same"));
    let nameless = with(issuer.jwk(Signer::Es384), "kid", json!(null));
    let document = json!({ "keys": [named(Signer::Es256), named(Signer::EdDsa), nameless] }).to_string();
    let (set, _) = KeySet::from_jwks_json(document.as_bytes()).unwrap();
    assert_eq!(set.lookup(Some("same")).keys().len(), 2);
    assert_eq!(set.lookup(Some("other")).keys().len(), 1);
    assert_eq!(set.lookup(None).keys().len(), 3);
    assert!(KeySet::of([]).lookup(None).is_unknown());
}

#[test]
fn a_document_that_is_no_key_set_is_an_error() {
    #[track_caller]
    fn check(document: &str, expected: Result<usize, KeySetError>) {
        let read =
            KeySet::from_jwks_json(document.as_bytes()).map(|(set, skipped)| set.len() + skipped.len());
        assert_eq!(read, expected, "{}", document.get(..40).unwrap_or(document));
    }
    check(r#"{"keys":[]}"#, Ok(0));
    check(r#"{"keys":[],"other":1}"#, Ok(0));
    for document in
        ["", "[]", "null", "{", "<html>", r#"{"keys":[],"keys":[]}"#, r#"{"keys":[{"a":1,"a":2}]}"#]
    {
        check(document, Err(KeySetError::NotJson));
    }
    for document in ["{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, r#"{"Keys":[]}"#] {
        check(document, Err(KeySetError::NoKeys));
    }
    let many = |count: usize| format!("{{\"keys\":[{}]}}", vec!["{}"; count].join(","));
    check(&many(MAX_KEYS), Ok(MAX_KEYS));
    check(&many(MAX_KEYS + 1), Err(KeySetError::TooManyKeys));
    let padded = |length: usize| r#"{"keys":[]}"#.to_owned() + &" ".repeat(length - 11);
    check(&padded(MAX_KEY_SET_OCTETS), Ok(0));
    check(&padded(MAX_KEY_SET_OCTETS + 1), Err(KeySetError::TooLarge));
}

#[test]
fn debug_shows_names_and_no_secret() {
    let key = read(&jwk(Signer::Es256)).unwrap();
    assert!(
        format!("{key:?}").starts_with(r#"VerifyingKey { kid: Some("es256-1"), thumbprint: Thumbprint("#)
    );
}

proptest! {
    #[test]
    fn no_document_makes_the_reader_panic(
        kty in "(RSA|EC|OKP|oct|[a-z]{0,4})",
        crv in "(P-256|P-384|Ed25519|[a-z]{0,4})",
        x in "[A-Za-z0-9_=-]{0,90}",
        n in "[A-Za-z0-9_-]{0,400}",
    ) {
        let key = json!({"kty": kty, "crv": crv, "x": x, "y": x, "n": n, "e": "AQAB"});
        let _ = read(&key);
    }
}
