//! What is asked, and by whom.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use portcullis_core::Clock;
use portcullis_testkit::tamper;

use super::*;
use crate::Algorithm;
use crate::keys::{IntoKeySource as _, KeySource as _, KeySourceContext, StaticKeys};

/// RFC 7515 appendix A.3.1.
const EC_JWK: &str = r#"{"kty":"EC","crv":"P-256","kid":"k1","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// RFC 8037 appendix A.1.
const ED_JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn pem(pkcs8: &[u8]) -> Secret {
    let text = BASE64_STANDARD.encode(pkcs8);
    Secret::from(format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"))
}

/// A4.1, RFC 7662 §2.1.
#[tokio::test]
async fn posts_a_form_with_the_token_and_its_kind() {
    let bench = Bench::new().await;
    let odd = "a+b/c==~.-_";
    bench.activate(odd);
    assert_eq!(bench.verify(odd).await.unwrap().subject(), "alice");
    let [request] = bench.server.requests().try_into().unwrap();
    assert_eq!(request.method, "POST");
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(request.headers["accept"], "application/json");
    let form: Vec<_> = request.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(form, [("token", odd), ("token_type_hint", "access_token")]);
}

/// A4.1, RFC 6749 §2.3.1: form-encoded first.
#[tokio::test]
async fn proves_itself_by_id_and_secret() {
    let secret = Secret::from("p@ss:w ord%/+");
    let basic = ClientAuthentication::basic("id:with colon", secret);
    let bench = Bench::with(|settings| settings.authenticated_by(basic)).await;
    let _ = bench.verify(TOKEN).await;
    let (id, secret) = bench.server.requests()[0].basic().unwrap();
    assert_eq!((id.as_str(), secret.as_str()), ("id%3Awith+colon", "p%40ss%3Aw+ord%25%2F%2B"));
}

/// A4.1.
#[tokio::test]
async fn proves_itself_by_an_access_token_or_by_a_certificate() {
    let bearer = ClientAuthentication::bearer(Secret::from("rs-token"));
    let bench = Bench::with(|settings| settings.authenticated_by(bearer)).await;
    let _ = bench.verify(TOKEN).await;
    assert_eq!(bench.server.requests()[0].headers["authorization"], "Bearer rs-token");

    let server = TestIntrospection::start().await;
    let certificate = patient(&server).authenticated_by(ClientAuthentication::certificate(CLIENT));
    let refused = certificate.build(&Clock::system()).unwrap_err();
    assert_eq!(refused.codes().collect::<Vec<_>>(), ["P641"], "the client has none");
}

/// A4.1, RFC 7523 §2.2, §3.
#[tokio::test]
async fn proves_itself_by_a_fresh_assertion_for_the_issuer() {
    let key = SigningKey::from_jwk(EC_JWK).unwrap();
    let signed = ClientAuthentication::private_key_jwt(CLIENT, key);
    let bench = Bench::with(|settings| settings.authenticated_by(signed)).await;
    for _ in 0..2 {
        let _ = bench.verify(TOKEN).await;
    }
    let requests = bench.server.requests();
    let claims: Vec<Value> = requests
        .iter()
        .map(|request| {
            assert_eq!(
                request.form["client_assertion_type"],
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            );
            assert!(!request.headers.contains_key("authorization"));
            let assertion = &request.form["client_assertion"];
            let header = tamper::header_of(assertion);
            assert_eq!((&header["alg"], &header["kid"]), (&json!("ES256"), &json!("k1")));
            verifies(assertion, Algorithm::ES256, EC_JWK);
            json!(tamper::claims_of(assertion))
        })
        .collect();
    let now = FakeClock::START.as_secs();
    for claims in &claims {
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!(CLIENT), &json!(CLIENT)));
        assert_eq!(
            (&claims["aud"], &claims["iat"], &claims["exp"]),
            (&json!(ISSUER), &json!(now), &json!(now + 60))
        );
    }
    assert_ne!(claims[0]["jti"], claims[1]["jti"]);

    let key = SigningKey::from_jwk(ED_JWK).unwrap().with_kid("k2");
    let signed =
        ClientAuthentication::private_key_jwt(CLIENT, key).with_assertion_audience("https://other.example");
    let bench = Bench::with(|settings| settings.authenticated_by(signed)).await;
    let _ = bench.verify(TOKEN).await;
    let assertion = &bench.server.requests()[0].form["client_assertion"];
    verifies(assertion, Algorithm::EdDSA, ED_JWK);
    assert_eq!(tamper::header_of(assertion)["kid"], "k2");
    assert_eq!(tamper::claims_of(assertion)["aud"], "https://other.example");
}

/// Whether the public half of the key verifies it.
#[track_caller]
fn verifies(assertion: &str, algorithm: Algorithm, jwk: &str) {
    let mut jwk: Value = serde_json::from_str(jwk).unwrap();
    jwk.as_object_mut().unwrap().remove("d");
    let keys = StaticKeys::new().jwks(json!({ "keys": [jwk] }).to_string());
    let keys =
        keys.into_key_source(&KeySourceContext::new(ISSUER, Clock::system())).unwrap().current().unwrap();
    let (message, signature) = assertion.rsplit_once('.').unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    keys.keys()[0].verify(algorithm, message.as_bytes(), &signature).unwrap();
}

#[test]
fn reads_private_keys_of_three_types_and_prints_none_of_them() {
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let ed = Ed25519KeyPair::generate().unwrap();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let ec = ec.to_pkcs8v1().unwrap();
    let ed = ed.to_pkcs8v1().unwrap();
    let rsa: aws_lc_rs::encoding::Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    for (pkcs8, algorithm) in
        [(ec.as_ref(), Algorithm::ES256), (ed.as_ref(), Algorithm::EdDSA), (rsa.as_ref(), Algorithm::RS256)]
    {
        let key = SigningKey::from_pem(pem(pkcs8)).unwrap();
        assert_eq!((key.algorithm(), key.kid()), (algorithm, None));
        let message = b"message";
        assert!(key.sign(message).is_some());
    }
    let key = SigningKey::from_jwk(EC_JWK).unwrap();
    let printed = format!("{key:?} {:?}", ClientAuthentication::private_key_jwt(CLIENT, key.clone()));
    assert!(!printed.contains("jpsQ") && printed.contains("ES256"), "{printed}");
    let printed = format!("{:?}", ClientAuthentication::basic(CLIENT, Secret::from("s3cret")));
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[test]
fn refuses_private_keys_that_are_none() {
    let jwk = |change: &str, to: &str| SigningKey::from_jwk(EC_JWK.replace(change, to)).map(drop);
    assert_eq!(jwk("P-256", "P-384"), Err(UnusableSigningKey::Type));
    assert_eq!(jwk("\"EC\"", "\"oct\""), Err(UnusableSigningKey::Type));
    assert_eq!(jwk("\"kid\"", "\"alg\""), Err(UnusableSigningKey::Type));
    assert_eq!(jwk("\"d\"", "\"e\""), Err(UnusableSigningKey::Key));
    assert_eq!(jwk("jpsQ", "jpsR"), Err(UnusableSigningKey::Key), "not one pair");
    assert_eq!(jwk("jpsQ", ""), Err(UnusableSigningKey::Key));
    assert_eq!(SigningKey::from_jwk("[]").map(drop), Err(UnusableSigningKey::NotJwk));
    let short = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let short: aws_lc_rs::encoding::Pkcs8V1Der<'_> = short.as_der().unwrap();
    let cut = pem(&short.as_ref()[..100]);
    assert_eq!(SigningKey::from_pem(cut).map(drop), Err(UnusableSigningKey::Key));
    for text in
        ["", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----"]
    {
        assert_eq!(SigningKey::from_pem(Secret::from(text)).map(drop), Err(UnusableSigningKey::NotPem));
    }
}

/// RFC 8414 §2, §3.3: the endpoint that the issuer's document names.
#[tokio::test]
async fn finds_the_endpoint_in_the_discovery_document() {
    let (server, time) = (TestIntrospection::start().await, FakeClock::new());
    let issuer = portcullis_testkit::TestIssuer::start().await;
    let document = |issuer: &str, member: &str| {
        json!({ "issuer": issuer, "jwks_uri": "https://a.example", member: server.url() }).to_string()
    };
    let path = "/.well-known/openid-configuration";
    let settings = || {
        let of = Issuer::new(issuer.url()).audience(AUDIENCE).insecure_http_on_loopback();
        let client = ClientAuthentication::basic(CLIENT, Secret::from("s3cret"));
        Introspection::of(of, client).with_client(http()).wait(60 * SECOND).danger_audience_may_lack()
    };
    server.activate(TOKEN, json!({ "sub": "alice" }));

    let introspector = settings().build(&time.clock()).unwrap();
    issuer.answer_with(
        path,
        200,
        "application/json",
        document("https://other.example", "introspection_endpoint"),
    );
    check_failure(introspector.verify(TOKEN).resolve().await, "`issuer` is not the configured one");
    issuer.answer_with(path, 200, "application/json", document(issuer.url(), "other_endpoint"));
    check_failure(introspector.verify(TOKEN).resolve().await, "introspection_endpoint");
    issuer.answer_with(path, 200, "application/json", document(issuer.url(), "introspection_endpoint"));
    assert_eq!(introspector.verify(TOKEN).resolve().await.unwrap().subject(), "alice");
    let fetches = issuer.requests_to(path);
    assert!(introspector.verify(TOKEN).resolve().await.is_ok());
    assert_eq!(issuer.requests_to(path), fetches, "remembered");
    // An hour later, and after a failure, the document is fetched anew.
    time.advance(3600 * SECOND);
    assert!(introspector.verify(TOKEN).resolve().await.is_ok());
    assert_eq!(issuer.requests_to(path), fetches + 1);
    server.answer_with(404, "text/plain", "moved");
    check_failure(introspector.verify(TOKEN).resolve().await, "404");
    server.answer_as_usual();
    assert!(introspector.verify(TOKEN).resolve().await.is_ok());
    assert_eq!(issuer.requests_to(path), fetches + 2);
}

#[test]
fn everything_that_is_wrong_with_the_settings_is_said_at_once() {
    let client = ClientAuthentication::basic("", Secret::from(""));
    let settings = Introspection::of(Issuer::new("http://issuer.example"), client)
        .remember_for(LONGEST_LIFE + SECOND)
        .remember_refusals(LONGEST_REFUSAL + SECOND)
        .stale_if_error(LONGEST_STALE + SECOND)
        .max_remembered(0)
        .wait(Duration::ZERO)
        .max_calls(0)
        .max_token_octets(0)
        .with_client(http());
    let refused = settings.build(&Clock::system()).unwrap_err();
    let codes: Vec<_> = refused.codes().collect();
    assert_eq!(codes, ["P640", "P640", "P640", "P110", "P110", "P110", "P110", "P641", "P602", "P601"]);
    let of = |change: fn(Introspection) -> Introspection| {
        let client = ClientAuthentication::basic(CLIENT, Secret::from("s3cret"));
        let settings = Introspection::of(Issuer::new(ISSUER).audience(AUDIENCE), client).with_client(http());
        let refused = change(settings).build(&Clock::system()).map(drop).unwrap_err();
        refused.codes().collect::<Vec<_>>()
    };
    assert_eq!(of(|settings| settings.at("http://login.example/x")), ["P640"], "A4.7");
    assert_eq!(of(|settings| settings.at("https://login.example/x#y")), ["P640"]);
    assert_eq!(of(|settings| settings.at("/x")), ["P640"]);
    assert_eq!(of(|settings| settings.stale_if_error(SECOND)), ["P640"]);
    assert_eq!(of(Introspection::signed_answers), ["P605"]);
    assert_eq!(
        of(|settings| settings.authenticated_by(ClientAuthentication::bearer("a b".into()))),
        ["P641"]
    );
}
