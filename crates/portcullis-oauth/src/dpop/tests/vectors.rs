use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::dpop::proof;
use crate::testing::vectors;

/// RFC 9449 §4.1, §5, §7.1: signatures, thumbprints and claims of the examples.
#[test]
fn reads_the_proofs_of_the_rfc() {
    let Some(vectors) = vectors("rfc9449/proofs.json") else { return };
    for example in vectors["proofs"].as_array().unwrap() {
        let claims = &example["claims"];
        let read = proof::read(
            example["proof"].as_str().unwrap(),
            |_| true,
            |read| {
                assert_eq!(read.id, claims["jti"]);
                assert_eq!(read.method, claims["htm"]);
                assert_eq!(read.url, claims["htu"]);
                assert_eq!(read.issued.as_secs(), claims["iat"]);
                // Proofs for the token endpoint have none.
                assert_eq!(read.token_hash, claims["ath"].as_str());
                Ok(())
            },
        );
        let (key, ()) = read.unwrap();
        assert_eq!(key.thumbprint().to_string(), example["jkt"]);
    }
}

/// RFC 9449 §7.1: the request of the example, with its access token, and the same in other hands.
#[test]
fn takes_the_proof_of_the_protected_resource_request() {
    let Some(vectors) = vectors("rfc9449/proofs.json") else { return };
    let proofs = vectors["proofs"].as_array().unwrap();
    let example = proofs.iter().find(|example| example["claims"].get("ath").is_some()).unwrap();
    let Some(token) = example["request"]["access_token"].as_str().or(example["access_token"].as_str()) else {
        panic!("the example has no token: {example}")
    };
    let issued = Duration::from_secs(example["claims"]["iat"].as_u64().unwrap());
    let time = FakeClock::at(UNIX_EPOCH + issued);
    let verifier = Dpop::new().build(["https://resource.example.org"], &time.clock()).unwrap();
    let check = |method: &str, token: &str| {
        let mut request = Request::builder().method(method).uri("/protectedresource").body(()).unwrap();
        request.headers_mut().append("dpop", example["proof"].as_str().unwrap().parse().unwrap());
        Trail::ensure(request.extensions_mut(), &time.clock());
        verifier.check(token, &RequestView::of(&request).unwrap()).map(drop).map_err(|denial| denial.reason())
    };
    assert_eq!(check("GET", token), Ok(()));
    assert_eq!(check("POST", token), Err(Reason::DpopProofMismatch));
    assert_eq!(check("GET", "another"), Err(Reason::DpopProofMismatch));
    time.advance(Duration::from_secs(31));
    assert_eq!(check("GET", token), Err(Reason::DpopProofExpired));
}

/// RFC 9449 §6.1: the confirmation of the example is the key of its proofs.
#[test]
fn reads_the_confirmation_of_the_bound_token() {
    let (Some(bound), Some(proofs)) = (vectors("rfc9449/bound-token.json"), vectors("rfc9449/proofs.json"))
    else {
        return;
    };
    assert_eq!(bound["claims"]["cnf"]["jkt"], proofs["proofs"][0]["jkt"]);
    for claims in [&bound["claims"], &bound["introspection_response"]] {
        let text = claims.to_string();
        let claims = crate::json::object(text.as_bytes()).unwrap();
        let confirmation = crate::token::confirmation(claims.members()).unwrap();
        assert!(matches!(confirmation, Some(portcullis_core::Confirmation::DpopKey([0xd1, 0x97, ..]))));
    }
}

/// RFC 9449 §7.1, §7.2, §9: the same schemes with the same errors as in the examples, whatever the texts.
#[test]
fn challenges_as_the_examples_do() {
    let Some(vectors) = vectors("rfc9449/challenges.json") else { return };
    let challenge = |id: &str| {
        let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap();
        case["www_authenticate"][0].as_str().unwrap().to_owned()
    };
    let error =
        |text: &str| text.split("error=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    let bench = Bench::new(Dpop::new().nonces());
    let required = Bench::new(Dpop::new().required());

    let asked = bench.with_proof(|proof| proof);
    assert_eq!(error(asked.challenges()[0]), error(&challenge("nonce-needed")));
    let unbound = required.issuer.token("alice").sign();
    let asked = required.ask(&format!("DPoP {unbound}"), &[&required.proof(&unbound).sign()]);
    assert_eq!(error(asked.challenges()[0]), error(&challenge("bad-binding")));
    let bad = Bench::new(Dpop::new());
    let asked = bad.ask(&format!("Bearer {}", bad.token().sign()), &[]);
    let [bearer, dpop] = asked.challenges()[..] else { panic!("{:?}", asked.challenges()) };
    let both = challenge("bad-bearer-both-schemes");
    assert_eq!(error(bearer), error(&both));
    assert!(dpop.starts_with("DPoP ") && error(dpop).is_none() && both.contains(", DPoP algs="));
}
