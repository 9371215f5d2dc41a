use portcullis_core::ProblemType;
use portcullis_testkit::dpop::wrong_proofs;

use super::*;

/// A6.3, A6.4, A6.14: the default algorithms, and RSA where it is allowed.
#[test]
fn a_proof_by_every_allowed_algorithm_is_taken() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
        let bench = Bench::of(algorithm, Dpop::new());
        bench.check(|proof| proof, Ok(()));
    }
    for (algorithm, ours) in
        [(Algorithm::Rs256, crate::Algorithm::RS256), (Algorithm::Ps256, crate::Algorithm::PS256)]
    {
        let bench = Bench::of(algorithm, Dpop::new());
        bench.check(|proof| proof, Err(Reason::DpopProofAlgorithmRefused));
        let bench = Bench::of(algorithm, Dpop::new().algorithms([ours]));
        bench.check(|proof| proof, Ok(()));
        // A key serves the one algorithm that the header names.
        bench.check(|proof| proof.header("alg", "ES256"), Err(Reason::DpopProofAlgorithmRefused));
    }
}

/// A6.1 to A6.7, A6.9, A6.13: whatever is wrong with the proof, it is 401 `invalid_dpop_proof`.
#[test]
fn every_wrong_proof_is_refused_and_nothing_of_it_is_told() {
    let bench = Bench::new(Dpop::new());
    let other = DpopClient::new(Algorithm::Es256, bench.time.clock());
    let token = bench.token().sign();
    let wrong = wrong_proofs(&bench.proof(&token), &other);
    assert!(wrong.len() > 50);
    for wrong in wrong {
        let asked = bench.ask(&format!("DPoP {token}"), &[&wrong.proof]);
        let denial = asked.answer.as_ref().map_err(Clone::clone).expect_err(wrong.name);
        assert_eq!(
            (denial.status().as_u16(), denial.kind()),
            (401, ProblemType::InvalidDpopProof),
            "{}",
            wrong.name
        );
        let said = format!("{denial:?}");
        assert!(!wrong.proof.split('.').any(|part| part.len() > 8 && said.contains(part)), "{said}");
        assert_eq!(
            asked.challenges(),
            [
                r#"DPoP realm="r", algs="ES256 ES384 EdDSA", error="invalid_dpop_proof""#,
                r#"Bearer realm="r""#
            ],
            "{}",
            wrong.name
        );
    }
}

/// A6.1, RFC 9449 §4.3: the first of two good ones is not taken either.
#[test]
fn refuses_no_field_two_fields_and_a_list() {
    let bench = Bench::new(Dpop::new());
    let token = bench.token().sign();
    let proofs = [bench.proof(&token).sign(), bench.proof(&token).sign()];
    let dpop = format!("DPoP {token}");
    let [one, two] = [proofs[0].as_str(), &proofs[1]];
    assert_eq!(bench.ask(&dpop, &[]).reason(), Err(Reason::DpopProofMissing));
    assert_eq!(bench.ask(&dpop, &[one, two]).reason(), Err(Reason::DpopProofMalformed));
    assert_eq!(bench.ask(&dpop, &[one, one]).reason(), Err(Reason::DpopProofMalformed));
    assert_eq!(bench.ask(&dpop, &[&format!("{one},{two}")]).reason(), Err(Reason::DpopProofMalformed));
    assert_eq!(bench.ask(&dpop, &[one]).reason(), Ok(()));
}

/// A6.2, A2.21: as a media type.
#[test]
fn typ_compares_as_a_media_type() {
    let bench = Bench::new(Dpop::new());
    for typ in ["dpop+jwt", "DPOP+JWT", "application/dpop+jwt"] {
        bench.check(|proof| proof.header("typ", typ), Ok(()));
    }
}

/// A6.4: other members of the key, and a `kid`, do no harm.
#[test]
fn unknown_members_of_header_and_claims_are_passed_over() {
    let bench = Bench::new(Dpop::new());
    let mut jwk = bench.client.jwk();
    for (name, value) in [("kid", "a"), ("alg", "ES256"), ("use", "sig"), ("x5u", "https://a.example")] {
        jwk[name] = value.into();
    }
    bench.check(|proof| proof.header("jwk", jwk).header("kid", "b").claim("exp", 1).claim("x", "y"), Ok(()));
}

/// A2.22, RFC 8725 §3.12: neither kind is taken for the other.
#[test]
fn a_proof_is_no_access_token_and_an_access_token_is_no_proof() {
    let bench = Bench::new(Dpop::new());
    let token = bench.token().sign();
    let proof = bench.proof(&token).sign();
    assert!(bench.ask(&format!("Bearer {proof}"), &[]).answer.is_err());
    assert!(bench.ask(&format!("DPoP {proof}"), &[&bench.proof(&proof).sign()]).answer.is_err());
    let asked = bench.ask(&format!("DPoP {token}"), &[&token]);
    assert_eq!(asked.reason(), Err(Reason::DpopProofMalformed));
    // One that the issuer signed with the marks of both.
    let both = bench.token().claim("htm", "GET").claim("htu", URL).sign();
    let asked = bench.ask(&format!("DPoP {both}"), &[&bench.proof(&both).sign()]);
    assert_eq!(asked.reason(), Err(Reason::TokenTypeRefused));
}

/// A6.9, RFC 9449 §11.1, at both edges.
#[test]
fn a_proof_is_taken_inside_its_window_and_not_one_millisecond_beyond() {
    let bench = Bench::new(Dpop::new());
    let (age, skew, step) = (super::super::DEFAULT_PROOF_AGE, super::super::DEFAULT_PROOF_SKEW, MILLISECOND);
    bench.check(|proof| proof.issued_ago(age), Ok(()));
    bench.check(|proof| proof.issued_ago(age + step), Err(Reason::DpopProofExpired));
    bench.check(|proof| proof.issued_in(skew), Ok(()));
    bench.check(|proof| proof.issued_in(skew + step), Err(Reason::DpopProofExpired));

    let wide = Bench::new(Dpop::new().max_age(300 * SECOND).skew(60 * SECOND));
    wide.check(|proof| proof.issued_ago(300 * SECOND), Ok(()));
    wide.check(|proof| proof.issued_ago(301 * SECOND), Err(Reason::DpopProofExpired));
    wide.check(|proof| proof.issued_in(60 * SECOND), Ok(()));
    wide.check(|proof| proof.issued_in(61 * SECOND), Err(Reason::DpopProofExpired));
}

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);
const MILLISECOND: std::time::Duration = std::time::Duration::from_millis(1);

/// A6.10: at the limit.
#[test]
fn a_jti_may_be_as_long_as_the_limit() {
    let bench = Bench::new(Dpop::new());
    let limit = super::super::MAX_PROOF_ID_OCTETS;
    bench.check(|proof| proof.claim("jti", "a".repeat(limit)), Ok(()));
    bench.check(|proof| proof.claim("jti", "a".repeat(limit + 1)), Err(Reason::DpopProofMalformed));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[A-Za-z0-9_.=, {}\":-]{0,80}") {
        let read = super::super::proof::read(&text, |_| true, |_| Ok(()));
        proptest::prop_assert!(read.is_err());
    }

    #[test]
    fn no_claims_make_the_reader_panic(claims in "\\{(\"(jti|htm|htu|iat|ath|nonce)\":(\"[a-z:/.]{0,8}\"|[0-9e.-]{1,5}|null|\\[\\]),?){0,6}\\}") {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let text = format!("{}.{}.AAAA", encode(r#"{"typ":"dpop+jwt","alg":"ES256","jwk":{}}"#), encode(&claims));
        proptest::prop_assert!(super::super::proof::read(&text, |_| true, |_| Ok(())).is_err());
    }
}
