use portcullis_core::{Clock, ConfigErrors, Secret};
use portcullis_testkit::{Algorithm as Signer, TestIssuer};

use crate::Algorithm;
use crate::keys::{IntoKeySource as _, KeySourceContext, StaticKeys};

fn errors(keys: StaticKeys) -> ConfigErrors {
    let context = KeySourceContext::new("https://issuer.example", Clock::system());
    keys.into_key_source(&context).map_or_else(|errors| errors, |_| ConfigErrors::new())
}

#[track_caller]
fn check(keys: StaticKeys, expected: &[&str]) {
    let errors = errors(keys);
    assert_eq!(errors.codes().collect::<Vec<_>>(), expected, "{errors}");
}

fn octets(count: u8) -> Secret {
    Secret::new((0..count).collect::<Vec<_>>())
}

/// A2.10, RFC 7518 §3.2.
#[test]
fn a_secret_is_as_long_as_the_hash() {
    for (algorithm, length) in [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)] {
        check(StaticKeys::new().secret(algorithm, octets(length)), &[]);
        check(StaticKeys::new().secret(algorithm, octets(length - 1)), &["P606"]);
    }
    check(StaticKeys::new().secret(Algorithm::HS256, octets(0)), &["P606"]);
    check(StaticKeys::new().secret(Algorithm::RS256, octets(64)), &["P606"]);
}

/// A2.10, RFC 8725 §3.5.
#[test]
fn a_secret_of_few_different_octets_is_no_secret() {
    let of = |different: usize| Secret::new((0..64_u8).map(|i| i % different as u8).collect::<Vec<_>>());
    check(StaticKeys::new().secret(Algorithm::HS256, of(1)), &["P606"]);
    check(StaticKeys::new().secret(Algorithm::HS256, of(7)), &["P606"]);
    check(StaticKeys::new().secret(Algorithm::HS256, of(8)), &[]);
}

/// A2.5, RFC 8725 §2.1: a public key that is configured as a secret by mistake would let everyone sign.
#[test]
fn a_public_key_is_no_secret() {
    let issuer = TestIssuer::offline("https://issuer.example");
    for signer in Signer::ASYMMETRIC {
        let pem = issuer.public_key_pem(*signer);
        for text in [
            pem.clone().into_bytes(),
            format!("\n{pem}").into_bytes(),
            issuer.public_key_der(*signer),
            issuer.jwk(*signer).to_string().into_bytes(),
            issuer.jwks_json().into_bytes(),
        ] {
            check(StaticKeys::new().secret(Algorithm::HS256, Secret::new(text)), &["P606"]);
        }
    }
}

#[test]
fn no_message_tells_the_secret() {
    let refused = errors(StaticKeys::new().secret(Algorithm::HS256, Secret::from("hunter2")));
    assert!(!refused.to_string().contains("hunter2"), "{refused}");
    let taken = StaticKeys::new().secret(Algorithm::HS256, Secret::from("0123456789abcdefghijklmnopqrstuv"));
    let debug = format!("{taken:?}");
    assert!(!debug.contains("0123456789") && !debug.contains("thumbprint"), "{debug}");
}

#[test]
fn a_set_in_which_nothing_is_usable_says_why_of_each_key() {
    let keys = StaticKeys::new().jwks(r#"{"keys":[{"kty":"oct","kid":"a","k":"AA"},{"kty":"RSA"}]}"#);
    let errors = errors(keys);
    let text = errors.to_string();
    assert!(
        text.contains("P605") && text.contains("kid `a`: symmetric") && text.contains("key 1: a member"),
        "{text}"
    );
}

#[test]
fn a_key_set_is_read_from_a_file() {
    let path = std::env::temp_dir().join(format!("portcullis-oauth-{}.json", std::process::id()));
    std::fs::write(&path, TestIssuer::offline("https://issuer.example").jwks_json()).unwrap();
    let taken = errors(StaticKeys::new().jwks_file(&path));
    std::fs::write(&path, " ".repeat(crate::keys::MAX_KEY_SET_OCTETS + 1)).unwrap();
    let too_large = errors(StaticKeys::new().jwks_file(&path));
    std::fs::remove_file(&path).unwrap();
    assert!(taken.is_empty(), "{taken}");
    assert!(too_large.to_string().contains("larger than"), "{too_large}");
    check(StaticKeys::new().jwks_file(&path), &["P606"]);
}

/// A wrong key beside a right one is still a mistake: somebody named it.
#[test]
fn each_key_that_is_named_must_be_usable() {
    let jwks = TestIssuer::offline("https://issuer.example").jwks_json();
    let short = StaticKeys::new().jwks(&jwks).secret(Algorithm::HS256, octets(1));
    check(short.jwks("{"), &["P606", "P606"]);
    assert!(jwks.contains(Signer::Es256.name()));
}

#[cfg(feature = "pem")]
#[test]
fn pem_that_is_no_public_key_of_the_algorithm_is_a_mistake() {
    let issuer = TestIssuer::offline("https://issuer.example");
    let ec = issuer.public_key_pem(Signer::Es256);
    check(StaticKeys::new().pem(Algorithm::ES256, &ec), &[]);
    for algorithm in [Algorithm::ES384, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256] {
        check(StaticKeys::new().pem(algorithm, &ec), &["P606"]);
    }
    for pem in [
        "",
        "-----BEGIN PUBLIC KEY-----",
        "no pem",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ] {
        for algorithm in Algorithm::ALL {
            check(StaticKeys::new().pem(algorithm, pem), &["P606"]);
        }
    }
}
