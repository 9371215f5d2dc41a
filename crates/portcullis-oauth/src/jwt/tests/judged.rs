//! Another implementation as judge: what it accepts of valid tokens, we accept, with the same claims.

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation, decode};
use portcullis_testkit::{Algorithm as Signer, FakeClock, TokenBuilder, tamper};
use proptest::prelude::*;
use serde_json::Value;

use super::{AUDIENCE, Bench, ISSUER};

fn judge(bench: &Bench, signer: Signer, token: &str) -> Option<Value> {
    let jwk: Jwk = serde_json::from_value(bench.server.jwk(signer)).unwrap();
    let mut judge = Validation::new(signer.name().parse().unwrap());
    // The judge reads the system's clock: the time is ours to check.
    judge.validate_exp = false;
    judge.set_audience(&[AUDIENCE]);
    judge.set_issuer(&[ISSUER]);
    judge.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    decode::<Value>(token, &DecodingKey::from_jwk(&jwk).unwrap(), &judge).ok().map(|decoded| decoded.claims)
}

/// The families of change, most of which the other implementation lets pass.
fn change(token: TokenBuilder, kind: u8) -> TokenBuilder {
    match kind {
        0 => token,
        1 => token.scope("a b"),
        2 => token.audience("https://x.example"),
        3 => token.claimed_issuer("https://x.example"),
        4 => token.without("sub"),
        5 => token.typ("JWT"),
        6 => token.header("crit", serde_json::json!(["b64"])),
        7 => token.claim("aud", 7),
        8 => token.claim("cnf", serde_json::json!({"jkt": "a"})),
        9 => token.signature([]),
        10 => token.claim("exp", FakeClock::START.as_secs() - 3600),
        _ => token.claim("x", serde_json::json!({"deep": [1, {"er": "\u{e9}"}]})),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn we_never_accept_what_the_judge_refuses(signer in 0..9_usize, kind in 0..12_u8) {
        thread_local! { static BENCH: Bench = Bench::of_every_algorithm(); }
        BENCH.with(|bench| {
            let signer = Signer::ASYMMETRIC[signer];
            let token = change(bench.token().algorithm(signer), kind).sign();
            let judged = judge(bench, signer, &token);
            let ours = bench.verify(&token);
            match (&ours, &judged) {
                (Ok(principal), Some(claims)) => {
                    let read: Value = principal.claims().deserialize().unwrap();
                    assert_eq!(&read, claims);
                }
                (Ok(_), None) => panic!("only we accept {token}"),
                (Err(_), _) => {}
            }
            assert_eq!(ours.is_ok(), matches!(kind, 0 | 1 | 11), "{kind}: {:?}", tamper::claims_of(&token));
        });
    }
}
