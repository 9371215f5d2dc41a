//! Tokens of the service's own: borrowed, edited, made with what anyone can read.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use portcullis_testkit::{TestIssuer, TokenBuilder, tamper};
use serde_json::{Value, json};

use super::{check_not_repeated, check_refused};
use crate::support::client::Call;
use crate::support::documents::Documents;

async fn check(service: Documents, forged: Vec<(&str, String, &str)>) {
    check_after(service, 0, forged).await;
}

/// Sends each token; each is refused with its reason, and good tokens still work. So many requests came before.
async fn check_after(service: Documents, before: usize, forged: Vec<(&str, String, &str)>) {
    let mut answers = Vec::new();
    for (what, token, _) in &forged {
        let answer = service.call(Call::get("/admin/audit").bearer(token)).await;
        check_refused(&answer, what);
        answers.push(answer);
    }
    service.check_alive().await;
    let record = service.stop().await;
    for (index, ((what, token, reason), answer)) in forged.iter().zip(&answers).enumerate() {
        assert_eq!(record.reason(before + index), *reason, "{what}");
        check_not_repeated(token, answer, &record);
    }
}

/// A2.12, A2.20, RFC 8725 §3.8, §3.9: keys and audiences belong to their issuer.
#[tokio::test]
async fn refuses_tokens_of_one_issuer_under_the_name_of_another() {
    let outside = TestIssuer::offline("https://issuer.example");
    let service = Documents::with_key_set_of(&outside).await;
    let own = tamper::claims_of(service.token("adam"));
    let (own_issuer, own_audience) = (own["iss"].as_str().unwrap(), own["aud"].as_str().unwrap());
    let own_kid = tamper::header_of(service.token("adam"))["kid"].as_str().unwrap().to_owned();
    let outsider = || outside.token("adam").roles(["admin"]);
    let signed_by_own_key = |change: &[(&str, &str)]| {
        let mut claims = own.clone();
        for (name, value) in change {
            claims[*name] = json!(value);
        }
        service.own_key().sign("at+jwt", &claims).unwrap()
    };
    // What is refused below is refused for what was changed.
    let good = service.call(Call::get("/admin/audit").bearer(&signed_by_own_key(&[]))).await;
    assert_eq!(good.status, 200);
    let good = service.call(Call::get("/me").bearer(&outsider().sign())).await;
    assert_eq!(good.status, 200);
    let forged = vec![
        (
            "the outside key, as ourselves",
            outsider().claimed_issuer(own_issuer).audience(own_audience).sign(),
            "token_key_unknown",
        ),
        (
            "the outside key, as ourselves, under our kid",
            outsider().claimed_issuer(own_issuer).audience(own_audience).kid(&own_kid).sign(),
            "token_signature_invalid",
        ),
        (
            "our key, as the outside issuer",
            signed_by_own_key(&[("iss", outside.url()), ("aud", outside.audience())]),
            "token_key_unknown",
        ),
        (
            "our key, another audience",
            signed_by_own_key(&[("aud", outside.audience())]),
            "token_audience_mismatch",
        ),
        (
            "the outside key, our audience",
            outsider().audience(own_audience).sign(),
            "token_audience_mismatch",
        ),
        (
            "our key, an unknown issuer",
            signed_by_own_key(&[("iss", "https://evil.example")]),
            "token_issuer_unknown",
        ),
    ];
    check_after(service, 2, forged).await;
}

/// A2.8, RFC 7515 §5.2: rita, who may only read, makes herself more.
#[tokio::test]
async fn refuses_own_tokens_with_changed_claims() {
    let service = Documents::start().await;
    let token = service.token("rita").to_owned();
    let edited = |name: &str, value: Value| tamper::with_claim(&token, name, value);
    let forged = vec![
        ("another subject", edited("sub", "adam".into()), "token_signature_invalid"),
        ("more scopes", edited("scope", "documents:read documents:write".into()), "token_signature_invalid"),
        ("a role", edited("roles", json!(["admin"])), "token_signature_invalid"),
        ("a longer life", edited("exp", json!(4_000_000_000_u64)), "token_signature_invalid"),
        (
            "the signature of adam's token",
            tamper::with_signature_of(&token, service.token("adam")),
            "token_signature_invalid",
        ),
        ("no signature", tamper::without_signature(&token), "token_signature_invalid"),
        (
            "alg none",
            tamper::without_signature(&tamper::with_header(&token, "alg", "none")),
            "token_algorithm_refused",
        ),
        ("the type of an ID token", tamper::with_header(&token, "typ", "JWT"), "token_type_refused"),
    ];
    check(service, forged).await;
}

/// Another installation has the same issuer and audience, and another key.
#[tokio::test]
async fn refuses_tokens_of_another_installation() {
    let (service, other) = (Documents::start().await, Documents::start().await);
    let stolen = other.token("adam").to_owned();
    other.check_alive().await;
    other.stop().await;
    check(service, vec![("another installation's token", stolen, "token_key_unknown")]).await;
}

/// A2.5, RFC 8725 §2.1: the service's public key as the secret of an HMAC, in every form.
#[tokio::test]
async fn refuses_an_hmac_made_with_the_service_s_own_public_key() {
    let service = Documents::start().await;
    let claims = tamper::claims_of(service.token("adam"));
    let key = service.own_key();
    let jwk: Value = serde_json::from_str::<Value>(&key.jwks()).unwrap()["keys"][0].take();
    let part = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    // RFC 5480 §2: the SubjectPublicKeyInfo of an uncompressed P-256 point.
    const PREFIX: &[u8] = &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];
    let point = [part("x"), part("y")].concat();
    let der = [PREFIX, &point].concat();
    let encoded = BASE64_STANDARD.encode(&der);
    let (first, second) = encoded.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n");
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("JWK", jwk.to_string().into()),
        ("key set", key.jwks().into()),
        ("DER", der),
        ("PEM", pem.clone().into()),
        ("PEM without its last line break", pem.trim_end().into()),
        ("point", [&[4][..], &point].concat()),
        ("x", part("x")),
        ("x as text", jwk["x"].as_str().unwrap().into()),
        ("nothing", Vec::new()),
    ];
    let kid = jwk["kid"].as_str().unwrap();
    let signer = TestIssuer::offline(claims["iss"].as_str().unwrap());
    let forge = |secret: &[u8], change: fn(TokenBuilder) -> TokenBuilder| {
        let token = signer.token("adam").claims_text(claims.to_string()).hmac_signed(secret).kid(kid);
        change(token).sign()
    };
    let mut forged = Vec::new();
    for (form, secret) in &forms {
        forged.push((*form, forge(secret, |token| token), "token_algorithm_refused"));
        forged.push((*form, forge(secret, |token| token.without_header("kid")), "token_algorithm_refused"));
        // The header says ES256, the octets are an HMAC.
        forged.push((*form, forge(secret, |token| token.header("alg", "ES256")), "token_signature_invalid"));
    }
    check(service, forged).await;
}
