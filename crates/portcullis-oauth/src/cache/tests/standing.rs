use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use portcullis_core::{Clock, Reason, Revocations, Step, StoreError, TokenFacts};
use portcullis_testkit::TestIssuer;

use super::{Bench, ISSUER, key_set};
use crate::{Issuer, JwtBearer, RememberTokens, StaticKeys};

/// P1: a token is verified once, whatever is kept of it.
#[test]
fn a_token_is_verified_once() {
    for remember in [RememberTokens::default(), RememberTokens::whole(), RememberTokens::hashed()] {
        let bench = Bench::new(remember);
        let (one, other) = (bench.token().scope("a").sign(), bench.token().scope("b").sign());
        bench.check(&one, Ok(()), true);
        bench.check(&one, Ok(()), false);
        bench.check(&other, Ok(()), true);
        bench.check(&one, Ok(()), false);
        bench.check(&other, Ok(()), false);
        assert!(bench.verify(&one).unwrap().has_scope("a"), "each its own");
        assert!(bench.verify(&other).unwrap().has_scope("b"), "each its own");
    }
}

#[test]
fn nothing_is_remembered_where_it_is_switched_off() {
    let bench = Bench::new(RememberTokens::none());
    let token = bench.token().sign();
    bench.check(&token, Ok(()), true);
    bench.check(&token, Ok(()), true);
    assert!(bench.verifier.remembered().is_none());
}

#[test]
fn clones_of_a_verifier_remember_together() {
    let bench = Bench::new(RememberTokens::whole());
    let token = bench.token().sign();
    let clone = bench.verifier.clone();
    assert!(clone.verify(&token).done().unwrap().is_ok());
    bench.check(&token, Ok(()), false);
}

/// A coarse reading of the system's clock may be from before the token was issued.
#[test]
fn a_token_that_was_issued_this_very_moment_is_taken_from_the_first_showing_on() {
    let clock = Clock::system();
    let server = TestIssuer::offline(ISSUER).with_clock(clock.clone());
    let keys = StaticKeys::new().jwks(server.jwks_json());
    let issuer = Issuer::new(ISSUER).audience("https://api.example").keys(keys).leeway(Duration::ZERO);
    let verifier = JwtBearer::issuer(issuer).build(&clock).unwrap();
    for showing in 0..50 {
        let _ = clock.unix_time_coarse();
        let now = clock.unix_time().as_secs_f64();
        let token = server.token("alice").claim("iat", now).claim("nbf", now).sign();
        for _ in 0..3 {
            assert!(verifier.verify(&token).done().unwrap().is_ok(), "token {showing}");
        }
        assert_eq!(verifier.remembered().unwrap().len(), showing + 1, "it is not forgotten");
    }
}

/// A2.18, RFC 7519 §4.1.4: at each showing, to the very moment.
#[test]
fn a_remembered_token_lives_until_exp_and_not_a_moment_longer() {
    let bench = Bench::new(RememberTokens::whole());
    let token = bench.token().expires_in(Duration::from_secs(60)).sign();
    bench.check(&token, Ok(()), true);
    // The leeway is 30 seconds.
    bench.time.advance(Duration::from_secs(90) - Duration::from_nanos(1));
    bench.check(&token, Ok(()), false);
    bench.time.advance(Duration::from_nanos(1));
    bench.check(&token, Err(Reason::TokenExpired), false);
    assert_eq!(bench.cache().len(), 0, "it is forgotten");
    bench.check(&token, Err(Reason::TokenExpired), true);
    assert_eq!(bench.cache().len(), 0, "and not remembered again");
}

/// A2.20, RFC 7519 §4.1.5-6: a clock that is set back counts.
#[test]
fn a_remembered_token_is_not_valid_before_nbf_and_iat() {
    for dated in ["nbf", "iat"] {
        let bench = Bench::new(RememberTokens::whole());
        let now = bench.time.clock().unix_time();
        let token = bench.token().claim(dated, now.as_secs()).sign();
        bench.check(&token, Ok(()), true);
        bench.time.set(std::time::UNIX_EPOCH + now - Duration::from_secs(29));
        bench.check(&token, Ok(()), false);
        bench.time.set(std::time::UNIX_EPOCH + now - Duration::from_secs(31));
        bench.check(&token, Err(Reason::TokenNotYetValid), false);
        bench.time.set(std::time::UNIX_EPOCH + now);
        bench.check(&token, Ok(()), true);
    }
}

/// A3.13: a key that was removed verifies nothing any more, also what it verified before.
#[test]
fn a_token_is_forgotten_when_its_key_leaves() {
    let bench = Bench::new(RememberTokens::whole());
    let token = bench.token().sign();
    bench.check(&token, Ok(()), true);
    *bench.keys.set.lock().unwrap() = key_set(&TestIssuer::offline(ISSUER_OF_OTHERS));
    // Another key under the same `kid`.
    bench.check(&token, Err(Reason::TokenSignatureInvalid), true);
    assert_eq!(bench.cache().len(), 0);
    *bench.keys.set.lock().unwrap() = key_set(&bench.server);
    bench.check(&token, Ok(()), true);
    bench.check(&token, Ok(()), false);
}

const ISSUER_OF_OTHERS: &str = "https://other.example";

/// A set that was fetched anew and holds the same key is no reason to verify again.
#[test]
fn a_token_is_remembered_while_its_key_is_fetched_again() {
    let bench = Bench::new(RememberTokens::whole());
    let token = bench.token().sign();
    bench.check(&token, Ok(()), true);
    *bench.keys.set.lock().unwrap() = key_set(&bench.server);
    bench.check(&token, Ok(()), false);
}

/// Answers what it is told at the moment.
#[derive(Default)]
struct DenyList {
    answer: AtomicU8,
    wait: bool,
}

const ADMIT: u8 = 0;
const REVOKED: u8 = 1;
const DOWN: u8 = 2;

impl Revocations for DenyList {
    fn is_revoked(&self, _: &TokenFacts<'_>) -> Step<Result<bool, StoreError>> {
        let answer = match self.answer.load(Ordering::Relaxed) {
            DOWN => Err(StoreError::new("down")),
            answer => Ok(answer == REVOKED),
        };
        if self.wait { Step::wait(std::future::ready(answer)) } else { Step::Done(answer) }
    }
}

/// A3.14: the deny-list is asked at each showing, and what it names is dropped.
#[tokio::test]
async fn a_token_is_forgotten_when_a_revocation_arrives() {
    for wait in [false, true] {
        let list = Arc::new(DenyList { wait, ..DenyList::default() });
        let asked = Arc::clone(&list);
        let bench = Bench::with(false, |scheme| scheme.revocations(asked));
        let token = bench.token().sign();
        let verify = async || bench.verifier.verify(&token).resolve().await.map_err(|denial| denial.reason());
        for (answer, expected, kept) in [
            (ADMIT, Ok(()), 1),
            (ADMIT, Ok(()), 1),
            // An outage says nothing about the token.
            (DOWN, Err(Reason::StoreUnavailable), 1),
            (ADMIT, Ok(()), 1),
            (REVOKED, Err(Reason::TokenRevoked), 0),
            (REVOKED, Err(Reason::TokenRevoked), 0),
            (ADMIT, Ok(()), 1),
        ] {
            list.answer.store(answer, Ordering::Relaxed);
            assert_eq!(verify().await.map(drop), expected);
            assert_eq!(bench.cache().len(), kept, "{answer} {wait}");
        }
    }
}

/// P9: nobody fills the cache with tokens that are not valid.
#[test]
fn a_token_that_is_refused_is_not_remembered() {
    let bench = Bench::new(RememberTokens::whole());
    let valid = bench.token();
    for token in [
        valid.clone().signature([0; 64]),
        valid.clone().audience("https://x.example"),
        valid.clone().claim("exp", 1),
        valid.clone().typ("JWT"),
        valid.kid("other"),
        bench.token().claims_text("{"),
    ] {
        assert!(bench.verify(&token.sign()).is_err());
        assert_eq!(bench.cache().len(), 0, "{token:?}");
    }
}

/// A token that is bound is remembered too, and its proof is asked for each time.
#[test]
fn a_bound_token_is_refused_each_time_it_comes_without_proof() {
    let bench = Bench::new(RememberTokens::whole());
    let cnf = serde_json::json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
    let token = bench.token().claim("cnf", cnf).sign();
    bench.check(&token, Err(Reason::TokenBindingUnproven), true);
    bench.check(&token, Err(Reason::TokenBindingUnproven), false);
}

#[tokio::test]
async fn a_token_that_waited_for_its_keys_is_remembered() {
    let bench = Bench::with(true, |scheme| scheme);
    let token = bench.token().sign();
    assert!(bench.verifier.verify(&token).resolve().await.is_ok());
    bench.check(&token, Ok(()), false);
}
