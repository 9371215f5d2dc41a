//! The attack families of A2.25, each with the reason that stops it.

use portcullis_core::Reason;
use portcullis_testkit::{Algorithm, TestIssuer, tamper};
use proptest::prelude::*;
use serde_json::json;

use super::{AUDIENCE, Bench, ISSUER};
use crate::{Issuer, JwtBearer, StaticKeys};

/// A2.6, RFC 8725 §3.2.
#[test]
fn refuses_none_in_any_spelling_with_and_without_a_signature() {
    let bench = Bench::new();
    for name in ["none", "None", "NONE", "nOnE", "none\u{0}", " none", ""] {
        bench.check(|token| token.header("alg", name), Reason::TokenAlgorithmRefused);
        bench.check(|token| token.header("alg", name).signature([]), Reason::TokenAlgorithmRefused);
    }
    bench.check(|token| token.without_header("alg"), Reason::TokenMalformed);
    bench.check(|token| token.header("alg", serde_json::Value::Null), Reason::TokenMalformed);
}

/// A2.5, RFC 8725 §2.1, §3.1.
#[test]
fn refuses_an_hmac_made_with_a_public_key_in_any_form() {
    let bench = Bench::new();
    for algorithm in Algorithm::ASYMMETRIC {
        let jwk = bench.server.jwk(*algorithm);
        let forms = [
            bench.server.public_key_pem(*algorithm).into_bytes(),
            bench.server.public_key_pem(*algorithm).trim_end().as_bytes().to_vec(),
            bench.server.public_key_der(*algorithm),
            jwk.to_string().into_bytes(),
            bench.server.jwks_json().into_bytes(),
        ];
        for form in forms {
            let kid = jwk["kid"].as_str().unwrap();
            bench.check(|token| token.hmac_signed(form.clone()).kid(kid), Reason::TokenAlgorithmRefused);
            bench.check(
                |token| token.hmac_signed(form.clone()).without_header("kid"),
                Reason::TokenAlgorithmRefused,
            );
        }
    }
}

/// A2.10, RFC 7518 §3.2: the empty key and secrets from word lists open nothing.
#[test]
fn refuses_hmac_with_empty_and_well_known_secrets() {
    let bench = Bench::new();
    for secret in ["", "secret", "password", "your-256-bit-secret", "changeme", "\u{0}"] {
        bench.check(|token| token.hmac_signed(secret), Reason::TokenKeyUnknown);
        bench.check(|token| token.hmac_signed(secret).kid("es256-1"), Reason::TokenAlgorithmRefused);
    }
}

/// A2.8, RFC 7515 §5.2.
#[test]
fn refuses_stripped_blank_foreign_and_stretched_signatures() {
    let bench = Bench::new();
    let token = bench.token().sign();
    let other = bench.server.token("mallory").sign();
    bench.refuses(&tamper::without_signature(&token), Reason::TokenSignatureInvalid);
    bench.refuses(&tamper::with_signature_of(&token, &other), Reason::TokenSignatureInvalid);
    bench.refuses(&tamper::with_signature(&token, [b' '; 64]), Reason::TokenSignatureInvalid);
    bench.refuses(&tamper::with_signature(&token, vec![1; 2000]), Reason::TokenMalformed);
    let mut longer = tamper::signature_of(&token);
    longer.push(0);
    bench.refuses(&tamper::with_signature(&token, longer), Reason::TokenSignatureInvalid);
    bench.refuses(token.rsplit_once('.').unwrap().0, Reason::TokenMalformed);
}

/// A2.9, RFC 7518 §3.4; r = s = 0 is CVE-2022-21449.
#[test]
fn refuses_ecdsa_signatures_that_are_zero_out_of_range_or_der() {
    let bench = Bench::new();
    let token = bench.token().sign();
    let right = tamper::signature_of(&token);
    let (r, s) = right.split_at(32);
    let order: Vec<u8> = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ]
    .to_vec();
    let zero = [0; 32];
    let integer = |octets: &[u8]| [&[2, 33, 0][..], octets].concat();
    let der = [&[0x30, 70][..], &integer(r), &integer(s)].concat();
    let short: Vec<u8> = right.iter().copied().take(63).collect();
    for signature in [
        [&zero[..], &zero[..]].concat(),
        [r, &zero[..]].concat(),
        [&zero[..], s].concat(),
        [&order[..], &order[..]].concat(),
        [r, &order[..]].concat(),
        [&order[..], s].concat(),
        [[0xff; 32], [0xff; 32]].concat(),
        der,
        short,
        [&[0][..], r, &[0][..], s].concat(),
        [s, r].concat(),
    ] {
        bench.refuses(&tamper::with_signature(&token, signature), Reason::TokenSignatureInvalid);
    }
    assert!(bench.verify(&token).is_ok());
}

/// A2.13, RFC 8725 §3.10.
#[test]
fn a_key_in_the_header_is_never_used() {
    let bench = Bench::new();
    let mallory = TestIssuer::offline(ISSUER);
    let jwk = mallory.jwk(Algorithm::Es256);
    for (name, value) in [
        ("jwk", jwk),
        ("jku", "https://mallory.example/jwks.json".into()),
        ("jku", "http://169.254.169.254/latest/meta-data/".into()),
        ("x5u", "https://mallory.example/cert.pem".into()),
        ("x5c", serde_json::json!(["MIIB"])),
    ] {
        bench.check(
            |token| token.signed_by(&mallory).header(name, value.clone()),
            Reason::TokenSignatureInvalid,
        );
        bench.check(
            |token| token.signed_by(&mallory).header(name, value.clone()).kid("mallory"),
            Reason::TokenKeyUnknown,
        );
    }
    // Providers do send `x5t`: it says nothing, and harms nothing.
    bench.accepts(&bench.token().header("x5t", "dGVzdA"));
}

/// A2.14, RFC 8725 §3.10.
#[test]
fn a_kid_is_only_looked_up() {
    let bench = Bench::new();
    for kid in [
        "../../../../../dev/null",
        "/dev/null",
        "x' UNION SELECT 'AA",
        "| curl https://mallory.example",
        "a\r\nSet-Cookie: a=b",
        "https://mallory.example/key",
        "ES256-1",
        "es256-1 ",
        ".*",
        "",
        "\u{0}",
    ] {
        bench.check(|token| token.kid(kid), Reason::TokenKeyUnknown);
        bench.check(|token| token.hmac_signed("").kid(kid), Reason::TokenKeyUnknown);
    }
    bench.check(|token| token.header("kid", 1), Reason::TokenMalformed);
    bench.check(|token| token.header("kid", serde_json::json!(["es256-1"])), Reason::TokenMalformed);
}

/// A2.8: the claims that were signed, not those that were sent.
#[test]
fn refuses_claims_and_headers_edited_after_signing() {
    let bench = Bench::new();
    let token = bench.token().sign();
    bench.refuses(&tamper::with_claim(&token, "sub", "admin"), Reason::TokenSignatureInvalid);
    bench.refuses(&tamper::with_claim(&token, "scope", "admin"), Reason::TokenSignatureInvalid);
    bench.refuses(&tamper::with_header(&token, "x", 1), Reason::TokenSignatureInvalid);
    bench.refuses(&tamper::with_header(&token, "alg", "ES384"), Reason::TokenAlgorithmRefused);
}

/// A2.2, RFC 7515 §2.
#[test]
fn refuses_every_other_way_to_write_the_same_octets() {
    let bench = Bench::new();
    let token = bench.token().sign();
    let trailing = tamper::with_trailing_bits(&token).unwrap();
    bench.refuses(&trailing, Reason::TokenMalformed);
    for text in [format!("{token}="), format!("{token}=="), format!(" {token}"), format!("{token}\n")] {
        bench.refuses(&text, Reason::TokenMalformed);
    }
    let part = tamper::part(&token, 1);
    bench.refuses(&tamper::with_part(&token, 1, &format!("{part}==")), Reason::TokenMalformed);
    bench.refuses(&tamper::with_part(&token, 2, "a+/b"), Reason::TokenMalformed);
}

/// A2.3, A2.24, RFC 8725 §3.7: signed as they are, and refused all the same.
#[test]
fn refuses_json_that_two_readers_could_read_differently() {
    let bench = Bench::new();
    let claims = bench.token().claims_json();
    let header = bench.token().header_json();
    let with = |text: &str, extra: &str| text.replacen('{', &format!("{{{extra},"), 1);
    for extra in [
        r#""sub":"mallory""#,
        r#""\u0073ub":"mallory""#,
        r#""scope":"a","scope":"admin""#,
        r#""x":{"a":1,"a":2}"#,
        r#""x":"\ud800""#,
        r#""exp":1e400"#,
        "\"x\":\"\u{1}\"",
    ] {
        bench.check(|token| token.claims_text(with(&claims, extra)), Reason::TokenMalformed);
    }
    for extra in [r#""alg":"none""#, r#""a\u006cg":"none""#, r#""kid":"x""#, r#""x":1,"x":2"#] {
        bench.check(|token| token.header_text(with(&header, extra)), Reason::TokenMalformed);
    }
    let bomb = format!("\"x\":{}{}", "[".repeat(2000), "]".repeat(2000));
    for text in [
        with(&claims, &bomb),
        format!("\u{feff}{claims}"),
        format!("{claims}{claims}"),
        "[]".into(),
        "".into(),
    ] {
        bench.check(|token| token.claims_text(text.clone()), Reason::TokenMalformed);
    }
}

/// Step 7 before step 4: nobody but the issuer makes us read claims that its keys can vouch for, whatever stands there.
#[test]
fn claims_are_not_read_before_the_signature_of_the_only_issuer_there_is() {
    let bench = Bench::new();
    let token = bench.token().sign();
    let claims = [
        "_w".to_owned(),
        "AB".to_owned(),
        "e30".to_owned(),
        tamper::part(&token, 0).to_owned(),
        tamper::part(&bench.token().claimed_issuer("https://other.example").sign(), 1).to_owned(),
    ];
    for claims in &claims {
        bench.refuses(&tamper::with_part(&token, 1, claims), Reason::TokenSignatureInvalid);
    }
    // They are read where they tell which keys to take, or why there are none.
    let other = TestIssuer::offline("https://other.example");
    let second = Issuer::new(other.url()).audience(AUDIENCE).keys(StaticKeys::new().jwks(other.jwks_json()));
    let two = Bench::scheme(|issuer| issuer, |scheme| scheme.or_issuer(second));
    let of_a_stranger = bench.token().kid("other").sign();
    for (bench, token) in [(&two, &token), (&bench, &of_a_stranger)] {
        for (claims, reason) in claims.iter().zip([
            Reason::TokenMalformed,
            Reason::TokenMalformed,
            Reason::TokenClaimMissing,
            Reason::TokenClaimMissing,
        ]) {
            bench.refuses(&tamper::with_part(token, 1, claims), reason);
        }
    }
}

/// A3.3: whoever sends us the tokens of another issuer is told so, unless a key of ours has the same name.
#[test]
fn a_token_of_a_stranger_is_refused_for_its_issuer_and_not_for_its_key() {
    let bench = Bench::new();
    let stranger = TestIssuer::offline("https://other.example").with_clock(bench.time.clock());
    bench.refuses(&stranger.token("alice").kid("other").sign(), Reason::TokenIssuerUnknown);
    bench.refuses(&stranger.token("alice").typ("JWT").sign(), Reason::TokenIssuerUnknown);
    bench.refuses(&stranger.token("alice").sign(), Reason::TokenSignatureInvalid);
    // Signed by a key of ours, it still is a stranger's.
    bench.check(|token| token.claimed_issuer("https://other.example"), Reason::TokenIssuerUnknown);
}

/// A2.24: what is too long is refused unread.
#[test]
fn refuses_tokens_longer_than_the_limit() {
    let bench = Bench::new();
    bench.check(|token| token.claim("x", "x".repeat(16 * 1024)), Reason::TokenTooLarge);
    let large = bench.token().claim("x", "x".repeat(8 * 1024));
    assert_eq!(bench.accepts(&large).claims().text("x").map(str::len), Some(8 * 1024));
    let small = Bench::scheme(|issuer| issuer, |scheme| scheme.max_token_octets(100));
    small.check(|token| token, Reason::TokenTooLarge);
}

/// A2.23, draft-ietf-oauth-rfc8725bis §3.13.
#[test]
fn refuses_encrypted_and_nested_tokens() {
    let bench = Bench::new();
    bench.refuses("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d", Reason::TokenEncrypted);
    bench.check(|token| token.header("cty", "JWT"), Reason::TokenTypeRefused);
    bench.check(|token| token.header("enc", "A256GCM"), Reason::TokenMalformed);
    bench.check(|token| token.header("zip", "DEF"), Reason::TokenMalformed);
}

/// A2.7, RFC 7515 §4.1.11.
#[test]
fn refuses_critical_headers_that_are_signed() {
    let bench = Bench::new();
    for crit in [serde_json::json!(["x"]), serde_json::json!([]), serde_json::json!("x"), ().into()] {
        bench.check(|token| token.header("crit", crit.clone()).header("x", 1), Reason::TokenCriticalHeader);
    }
}

/// A2.12, A3.3, RFC 8725 §3.8: each issuer's keys verify its own tokens alone.
#[test]
fn refuses_tokens_of_one_issuer_under_the_name_of_another() {
    let bench = Bench::new();
    let other = TestIssuer::offline("https://other.example").with_clock(bench.time.clock());
    let second = Issuer::new(other.url()).audience(AUDIENCE).keys(StaticKeys::new().jwks(other.jwks_json()));
    let first = Issuer::new(ISSUER).audience(AUDIENCE).keys(StaticKeys::new().jwks(bench.server.jwks_json()));
    let verifier = JwtBearer::issuer(first).or_issuer(second).build(&bench.time.clock()).unwrap();
    let bench = Bench { verifier, ..bench };

    assert_eq!(bench.accepts(&bench.token()).issuer(), Some(ISSUER));
    assert_eq!(bench.accepts(&other.token("alice")).issuer(), Some("https://other.example"));
    bench.refuses(&other.token("alice").claimed_issuer(ISSUER).sign(), Reason::TokenSignatureInvalid);
    bench.refuses(
        &bench.token().claimed_issuer("https://other.example").sign(),
        Reason::TokenSignatureInvalid,
    );
    for near in
        ["https://issuer.example/", "https://ISSUER.example", "https://issuer.example.evil", "https://issuer"]
    {
        bench.check(|token| token.claimed_issuer(near), Reason::TokenIssuerUnknown);
    }
    bench.check(|token| token.claim("iss", serde_json::json!([ISSUER])), Reason::TokenClaimInvalid);
    bench.check(|token| token.without("iss"), Reason::TokenClaimMissing);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A2.8: no single changed octet of a valid token is accepted, and none makes the verifier panic.
    #[test]
    fn refuses_every_mutation_of_a_valid_token(seed in any::<prop::sample::Index>(), octet in 0x20_u8..0x7f) {
        thread_local! { static BENCH: Bench = Bench::new(); }
        BENCH.with(|bench| {
            let token = bench.token().sign();
            let index = seed.index(token.len());
            let mut octets = token.clone().into_bytes();
            octets[index] = octet;
            let mutated = String::from_utf8(octets).unwrap();
            assert_eq!(bench.verify(&mutated).is_ok(), mutated == token, "{mutated}");
        });
    }

    #[test]
    fn no_text_makes_the_verifier_panic(text in "\\PC{0,80}", a in "[A-Za-z0-9_-]{0,40}", b in "[A-Za-z0-9_-]{0,40}") {
        thread_local! { static BENCH: Bench = Bench::new(); }
        BENCH.with(|bench| {
            assert!(bench.verify(&text).is_err());
            assert!(bench.verify(&format!("{a}.{b}.{a}")).is_err());
        });
    }
}

/// A2.24: a user who may write an object into a claim must not be able to hide all claims from whoever reads them
/// later, as serde_json does with a name of its own (axum turns the feature on that knows this one).
#[test]
fn refuses_a_claim_that_would_hide_the_others() {
    let bench = Bench::new();
    let metadata =
        |name: &str| bench.token().claim("user_metadata", json!({ name: "}" })).claim("blocked", true);
    bench.refuses(&metadata("$serde_json::private::RawValue").sign(), Reason::TokenMalformed);
    bench.refuses(&metadata("$serde_json::private::Number").sign(), Reason::TokenMalformed);
    let caller = bench.accepts(&metadata("RawValue"));
    assert_eq!(caller.claims().get("blocked"), Some(&json!(true)));
}
