//! The examples of the JWS RFCs that are no access token: each is refused, and for its own reason.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_core::{Reason, Secret};
use portcullis_testkit::tamper;
use serde_json::{Value, json};

use super::Bench;
use crate::testing::vectors;
use crate::{Algorithm, StaticKeys, base64url};

/// A verifier that holds the secret of the example, so that nothing is refused for want of a key.
fn bench_with(jwk: &Value) -> Bench {
    let secret = || Secret::new(base64url::decode(jwk["k"].as_str().unwrap().as_bytes()).unwrap());
    let keys = match jwk["kid"].as_str() {
        Some(kid) => StaticKeys::new().secret_with_kid(kid, Algorithm::HS256, secret()),
        None => StaticKeys::new().secret(Algorithm::HS256, secret()),
    };
    Bench::with(|issuer| issuer.keys(keys))
}

/// The JSON forms of an example, as it stands there and on one line.
fn json_forms(case: &Value) -> Vec<String> {
    let forms = ["json", "json_flat"].into_iter().filter_map(|name| case["output"].get(name));
    forms.flat_map(|form| [form.to_string(), serde_json::to_string_pretty(form).unwrap()]).collect()
}

/// RFC 7515 §A.1-A.7, §E.
#[test]
fn refuses_every_example_of_rfc_7515_for_its_own_reason() {
    let Some(document) = vectors("rfc7515/jws.json") else { return };
    let bench = Bench::new();
    for case in document["cases"].as_array().unwrap() {
        let (form, reason) = match case["id"].as_str().unwrap() {
            // Their issuer is `joe`.
            "RFC 7515 A.1" | "RFC 7515 A.2" | "RFC 7515 A.3" => ("compact", Reason::TokenIssuerUnknown),
            // A2.4: `ES512`. A2.6: `none`.
            "RFC 7515 A.4" | "RFC 7515 A.5" => ("compact", Reason::TokenAlgorithmRefused),
            // A2.1: an access token has the compact form.
            "RFC 7515 A.6" => ("general_json", Reason::TokenMalformed),
            "RFC 7515 A.7" => ("flattened_json", Reason::TokenMalformed),
            // A2.7: a critical extension, and `none` besides.
            "RFC 7515 E" => ("compact", Reason::TokenCriticalHeader),
            other => panic!("{other} is new"),
        };
        match &case[form] {
            Value::String(compact) => bench.refuses(compact, reason),
            json => bench.refuses(&json.to_string(), reason),
        }
    }
    assert_eq!(document["cases"].as_array().unwrap().len(), 8);
}

/// A2.1, RFC 7520 §4.5, RFC 7515 §F.
#[test]
fn refuses_a_detached_payload() {
    let bench = Bench::new();
    let token = bench.token().sign();
    assert!(bench.verify(&token).is_ok());
    bench.refuses(&tamper::with_part(&token, 1, ""), Reason::TokenMalformed);

    let Some(case) = vectors("rfc7520-cookbook/jws/4_5.signature_with_detached_content.json") else { return };
    let bench = bench_with(&case["input"]["key"]);
    bench.refuses(case["output"]["compact"].as_str().unwrap(), Reason::TokenMalformed);
    let forms = json_forms(&case);
    assert_eq!(forms.len(), 4);
    forms.iter().for_each(|form| bench.refuses(form, Reason::TokenMalformed));
}

/// A2.1, RFC 7520 §4.6-4.8, RFC 7519 §1: a JWT has the compact form alone.
#[test]
fn refuses_the_json_forms_whoever_signed_them() {
    let bench = Bench::new();
    let token = bench.token().sign();
    let [protected, payload, signature] = [0, 1, 2].map(|part| tamper::part(&token, part));
    let signed = json!({ "protected": protected, "signature": signature });
    let general = json!({ "payload": payload, "signatures": [signed] });
    let flattened = json!({ "payload": payload, "protected": protected, "signature": signature });
    assert!(bench.verify(&token).is_ok());
    for form in [general.to_string(), flattened.to_string()] {
        bench.refuses(&form, Reason::TokenMalformed);
    }

    for (file, count) in [
        ("4_6.protecting_specific_header_fields.json", 4),
        ("4_7.protecting_content_only.json", 4),
        ("4_8.multiple_signatures.json", 2),
    ] {
        let Some(case) = vectors(&format!("rfc7520-cookbook/jws/{file}")) else { return };
        let keys = &case["input"]["key"];
        let bench = bench_with(keys.as_array().and_then(|keys| keys.last()).unwrap_or(keys));
        let forms = json_forms(&case);
        assert_eq!(forms.len(), count, "{file}");
        forms.iter().for_each(|form| bench.refuses(form, Reason::TokenMalformed));
    }
}

/// RFC 7520 §4.7: what is not protected says nothing, and a header that is not there names no algorithm.
#[test]
fn refuses_a_compact_form_without_a_protected_header() {
    let Some(case) = vectors("rfc7520-cookbook/jws/4_7.protecting_content_only.json") else { return };
    let bench = bench_with(&case["input"]["key"]);
    let flattened = &case["output"]["json_flat"];
    let [payload, signature] = ["payload", "signature"].map(|name| flattened[name].as_str().unwrap());
    bench.refuses(&format!(".{payload}.{signature}"), Reason::TokenMalformed);
}

/// A2.7, RFC 7797 §7: a JWT has no unencoded payload, whether or not `crit` says so.
#[test]
fn refuses_unencoded_payloads() {
    for (file, reason) in [
        // Its header names `b64` without `crit`, contrary to RFC 7797 §6.
        ("4.2.hmac-sha2_b64_false.json", Reason::TokenMalformed),
        ("hmac-sha2_b64_false.json", Reason::TokenCriticalHeader),
    ] {
        let Some(case) = vectors(&format!("rfc7520-cookbook/rfc7797/{file}")) else { return };
        let bench = bench_with(&case["input"]["key"]);
        let flattened = &case["output"]["json_flat"];
        let [protected, payload, signature] =
            ["protected", "payload", "signature"].map(|name| flattened[name].as_str().unwrap());
        // As it stands, a payload is outside the alphabet of a token.
        bench.refuses(&format!("{protected}.{payload}.{signature}"), Reason::TokenMalformed);
        json_forms(&case).iter().for_each(|form| bench.refuses(form, Reason::TokenMalformed));
        // Inside the alphabet, encoded or detached (RFC 7797 §5.1), the header gives it away.
        let encoded = URL_SAFE_NO_PAD.encode(payload);
        let token = bench.token().sign();
        for payload in [&encoded, tamper::part(&token, 1), ""] {
            bench.refuses(&format!("{protected}.{payload}.{signature}"), reason);
        }
    }
}
