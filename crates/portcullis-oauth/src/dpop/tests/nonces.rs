use std::time::Duration;

use portcullis_core::Secret;

use super::*;

const SECRET: &str = "thirty-two octets are the least..";

fn demanding() -> Dpop {
    Dpop::new().nonces()
}

/// A6.11, A6.12, A6.16, RFC 9449 §9.
#[test]
fn a_proof_without_a_nonce_is_told_the_nonce_and_the_next_one_passes() {
    let bench = Bench::new(demanding());
    let asked = bench.with_proof(|proof| proof);
    let denial = asked.answer.as_ref().unwrap_err();
    assert_eq!((denial.reason(), denial.status().as_u16()), (Reason::DpopNonceRequired, 401));
    assert_eq!(
        asked.challenges()[0],
        "DPoP realm=\"r\", algs=\"ES256 ES384 EdDSA\", error=\"use_dpop_nonce\", error_description=\"Resource server \
         requires nonce in DPoP proof\""
    );
    assert_eq!(asked.field("cache-control"), Some("no-store"));
    let nonce = asked.field("dpop-nonce").unwrap().to_owned();
    let asked = bench.with_proof(|proof| proof.nonce(&nonce));
    assert_eq!(asked.reason(), Ok(()));
    assert_eq!(asked.field("dpop-nonce"), None, "there is no newer one");
    assert_eq!(asked.field("cache-control"), None);
}

/// A6.12, RFC 9449 §8.2: also on a 200.
#[test]
fn a_nonce_of_the_period_before_passes_and_brings_the_new_one() {
    let bench = Bench::new(demanding());
    let nonce = bench.with_proof(|proof| proof).field("dpop-nonce").unwrap().to_owned();
    bench.time.advance(Duration::from_secs(120));
    let asked = bench.with_proof(|proof| proof.nonce(&nonce));
    assert_eq!(asked.reason(), Ok(()));
    let new = asked.field("dpop-nonce").unwrap().to_owned();
    assert_ne!(new, nonce);
    assert_eq!(asked.field("cache-control"), Some("no-store"));
    bench.time.advance(Duration::from_secs(120));
    let asked = bench.with_proof(|proof| proof.nonce(&nonce));
    assert_eq!(asked.reason(), Err(Reason::DpopNonceRequired));
    assert_eq!(bench.with_proof(|proof| proof.nonce(&new)).reason(), Ok(()));
}

/// A6.11: with the key of another server, or made up.
#[test]
fn refuses_foreign_and_forged_nonces() {
    let time = FakeClock::new();
    let with = |secret: &str| {
        let dpop = demanding().nonce_secret(Secret::from(secret));
        Bench::at(&time, Algorithm::Es256, dpop)
    };
    let (ours, replica, theirs) = (with(SECRET), with(SECRET), with(&SECRET.to_uppercase()));
    let nonce_of = |bench: &Bench| bench.with_proof(|proof| proof).field("dpop-nonce").unwrap().to_owned();
    assert_eq!(ours.with_proof(|proof| proof.nonce(&nonce_of(&replica))).reason(), Ok(()));
    for nonce in [nonce_of(&theirs), String::new(), "a".repeat(24), nonce_of(&Bench::new(demanding()))] {
        let asked = ours.with_proof(|proof| proof.nonce(&nonce));
        assert_eq!(asked.reason(), Err(Reason::DpopNonceRequired), "{nonce}");
    }
}

/// A6.9, RFC 9449 §11.1: the time of the nonce takes the place of the client's.
#[test]
fn a_client_whose_clock_is_wrong_gets_in_by_the_nonce() {
    let bench = Bench::new(demanding());
    let nonce = bench.with_proof(|proof| proof).field("dpop-nonce").unwrap().to_owned();
    let day = Duration::from_secs(86_400);
    assert_eq!(bench.with_proof(|proof| proof.nonce(&nonce).issued_ago(day)).reason(), Ok(()));
    assert_eq!(bench.with_proof(|proof| proof.nonce(&nonce).issued_in(day)).reason(), Ok(()));
    // And for as long as the nonce is taken, the proof is taken once.
    let token = bench.token().sign();
    let proof = bench.proof(&token).nonce(&nonce).sign();
    let dpop = format!("DPoP {token}");
    assert_eq!(bench.ask(&dpop, &[&proof]).reason(), Ok(()));
    bench.time.advance(Duration::from_secs(200));
    assert_eq!(bench.ask(&dpop, &[&proof]).reason(), Err(Reason::DpopProofReplayed));
    bench.time.advance(Duration::from_secs(40));
    assert_eq!(bench.ask(&dpop, &[&proof]).reason(), Err(Reason::DpopNonceRequired));
}

#[test]
fn a_nonce_that_nobody_asked_for_does_no_harm() {
    let bench = Bench::new(Dpop::new());
    let asked = bench.with_proof(|proof| proof.nonce("whatever"));
    assert_eq!((asked.reason(), asked.field("dpop-nonce")), (Ok(()), None));
}
