//! The examples of the RFCs, and the key sets of real providers.

use portcullis_core::Secret;
use serde_json::{Value, json};

use crate::keys::{IntoKeySource, KeySet, KeySourceContext, StaticKeys, UnusableKey, VerifyingKey};
use crate::testing::vectors;
use crate::{Algorithm, base64url};

/// The public half of a key; a shared secret is configured as such.
fn key(jwk: &Value, algorithm: Algorithm) -> Option<VerifyingKey> {
    let context = KeySourceContext::new("https://issuer.example", portcullis_core::Clock::system());
    if jwk["kty"] == "oct" {
        let secret = Secret::new(base64url::decode(jwk["k"].as_str()?.as_bytes())?);
        let source = StaticKeys::new().secret(algorithm, secret).into_key_source(&context).ok()?;
        return source.current()?.keys().first().cloned();
    }
    let mut public = jwk.clone();
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        public.as_object_mut()?.remove(private);
    }
    let (set, _) = KeySet::from_jwks_json(json!({ "keys": [public] }).to_string().as_bytes()).unwrap();
    set.keys().first().cloned()
}

#[track_caller]
fn check(id: &str, jwk: &Value, algorithm: &str, compact: &str) {
    let algorithm = Algorithm::from_name(algorithm).unwrap();
    let key = key(jwk, algorithm).unwrap_or_else(|| panic!("{id}: no key"));
    let (signed, signature) = compact.rsplit_once('.').unwrap();
    let signature = base64url::decode(signature.as_bytes()).unwrap();
    assert_eq!(key.verify(algorithm, signed.as_bytes(), &signature), Ok(()), "{id}");
    for at in 0..signature.len() {
        let mut wrong = signature.clone();
        wrong[at] ^= 1;
        assert!(key.verify(algorithm, signed.as_bytes(), &wrong).is_err(), "{id} at {at}");
    }
    assert!(key.verify(algorithm, format!("{signed}A").as_bytes(), &signature).is_err(), "{id}");
}

/// RFC 7515 §A.1-A.5, §E, RFC 8037 §A.4.
#[test]
fn signatures_of_rfc_7515_and_rfc_8037_verify() {
    let (Some(jws), Some(eddsa)) = (vectors("rfc7515/jws.json"), vectors("rfc7515/eddsa.json")) else {
        return;
    };
    let mut verified = 0;
    let cases = jws["cases"].as_array().unwrap().iter().chain(eddsa["cases"].as_array().unwrap());
    for case in cases.filter(|case| case["compact"].is_string() && case["alg"].is_string()) {
        let (id, name) = (case["id"].to_string(), case["alg"].as_str().unwrap());
        if Algorithm::from_name(name).is_none() {
            assert!(matches!(name, "ES512" | "none"), "{id}");
            continue;
        }
        check(&id, &case["jwk"], name, case["compact"].as_str().unwrap());
        verified += 1;
    }
    assert_eq!(verified, 4);
}

/// RFC 7520 §4.1-4.4, RFC 8037.
#[test]
fn signatures_of_the_cookbook_verify() {
    let mut verified = 0;
    for file in [
        "jws/4_1.rsa_v15_signature.json",
        "jws/4_2.rsa-pss_signature.json",
        "jws/4_3.ecdsa_signature.json",
        "jws/4_4.hmac-sha2_integrity_protection.json",
        "curve25519/jws.json",
    ] {
        let Some(case) = vectors(&format!("rfc7520-cookbook/{file}")) else { return };
        let name = case["input"]["alg"].as_str().unwrap();
        if Algorithm::from_name(name).is_none() {
            assert_eq!(name, "ES512", "{file}");
            continue;
        }
        check(file, &case["input"]["key"], name, case["output"]["compact"].as_str().unwrap());
        verified += 1;
    }
    assert_eq!(verified, 4);
}

/// A2.10, A2.16, A2.17, RFC 7520 §3.1-3.6.
#[test]
fn of_the_cookbook_keys_only_the_public_rsa_key_is_taken_from_a_set() {
    let files = [
        ("3_1.ec_public_key.json", Some(UnusableKey::Unsupported)),
        ("3_2.ec_private_key.json", Some(UnusableKey::PrivateKeyPublished)),
        ("3_3.rsa_public_key.json", None),
        ("3_4.rsa_private_key.json", Some(UnusableKey::PrivateKeyPublished)),
        ("3_5.symmetric_key_mac_computation.json", Some(UnusableKey::Symmetric)),
        ("3_6.symmetric_key_encryption.json", Some(UnusableKey::Symmetric)),
    ];
    let mut listed = Vec::new();
    for (file, expected) in files {
        let Some(jwk) = vectors(&format!("rfc7520-cookbook/jwk/{file}")) else { return };
        let (set, skipped) = KeySet::from_jwks_json(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
        assert_eq!(skipped.first().map(|skipped| skipped.reason), expected, "{file}");
        assert_eq!(set.len(), usize::from(expected.is_none()), "{file}");
        listed.push(jwk);
    }
    let (set, skipped) = KeySet::from_jwks_json(json!({ "keys": listed }).to_string().as_bytes()).unwrap();
    assert_eq!(skipped.iter().map(|skipped| skipped.index).collect::<Vec<_>>(), [0, 1, 3, 4, 5]);
    assert!(set.knows("bilbo.baggins@hobbiton.example"));
    let rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    assert!(set.keys()[0].algorithms().map(Algorithm::as_str).eq(rsa));
    // The private key without its private members is the public one.
    let public = key(&listed[3], Algorithm::RS256).unwrap();
    assert!(public.thumbprint() == set.keys()[0].thumbprint());
}

/// RFC 7638 §3.1, RFC 8037 §A.3.
#[test]
fn thumbprints_are_those_of_rfc_7638() {
    let Some(document) = vectors("rfc7515/thumbprints.json") else { return };
    for case in document["cases"].as_array().unwrap() {
        let mut jwk = case["jwk"].clone();
        // The example of RFC 7517 is for encryption, so that it would be skipped as a key of ours.
        jwk.as_object_mut().unwrap().remove("use");
        let key = key(&jwk, Algorithm::RS256).unwrap();
        assert_eq!(key.thumbprint().to_string(), case["sha256_thumbprint"].as_str().unwrap(), "{jwk}");
    }
}

/// Real providers: every signing key is taken, and nothing but encryption keys is skipped.
#[test]
fn key_sets_of_real_providers_are_read() {
    for provider in ["auth0", "google", "keycloak", "okta"] {
        let Some(document) = vectors(&format!("idp-metadata/{provider}/jwks.json")) else { return };
        let body = document.get("body").filter(|body| body.is_object()).unwrap_or(&document);
        let listed = body["keys"].as_array().unwrap();
        let signing = listed.iter().filter(|key| key["use"] != "enc").count();
        let (set, skipped) = KeySet::from_jwks_json(body.to_string().as_bytes()).unwrap();
        assert!(signing > 0, "{provider}");
        assert_eq!(set.len(), signing, "{provider}: {skipped:?}");
        assert_eq!(set.len() + skipped.len(), listed.len(), "{provider}");
    }
}
