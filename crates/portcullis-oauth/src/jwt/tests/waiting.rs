//! Sources of keys and deny-lists that take their time, or fail.

use std::sync::{Arc, Mutex};

use portcullis_core::{Denial, Reason, Revocations, Step, StoreError, TokenFacts};

use super::Bench;
use crate::keys::{KeyLookup, KeySet, KeySource};

/// A source that knows nothing before it was waited for.
struct Slow(Result<KeySet, Reason>);

impl KeySource for Slow {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        let answer = self.0.as_ref().map(|set| set.lookup(kid)).map_err(|reason| Denial::new(*reason));
        Step::wait(async move {
            tokio::task::yield_now().await;
            answer
        })
    }

    fn current(&self) -> Option<KeySet> {
        None
    }
}

#[tokio::test]
async fn a_token_waits_for_the_keys_and_is_checked_as_any_other() {
    let known = Bench::new();
    let (set, _) = KeySet::from_jwks_json(known.server.jwks_json().as_bytes()).unwrap();
    let slow = Bench::with(|issuer| issuer.keys(Slow(Ok(set))));
    let slow = Bench { server: known.server, time: known.time, verifier: slow.verifier };
    let verify =
        async |token: &str| slow.verifier.verify(token).resolve().await.map_err(|denial| denial.reason());

    let valid = slow.token().scope("a").sign();
    assert!(slow.verifier.verify(&valid).done().is_none());
    assert!(verify(&valid).await.unwrap().has_scope("a"));
    for (token, reason) in [
        (slow.token().signature([0; 64]).sign(), Reason::TokenSignatureInvalid),
        (slow.token().audience("https://x.example").sign(), Reason::TokenAudienceMismatch),
        (slow.token().kid("other").sign(), Reason::TokenKeyUnknown),
        (slow.token().claim("exp", 1).sign(), Reason::TokenExpired),
    ] {
        assert_eq!(verify(&token).await.unwrap_err(), reason);
    }
}

/// Nothing is asked for a token that is refused in any case.
#[test]
fn a_token_that_is_malformed_or_foreign_never_waits() {
    let bench = Bench::with(|issuer| issuer.keys(Slow(Err(Reason::KeySetUnavailable))));
    bench.check(|token| token.claimed_issuer("https://x.example"), Reason::TokenIssuerUnknown);
    bench.check(|token| token.typ("JWT"), Reason::TokenTypeRefused);
    bench.check(|token| token.header("alg", "none"), Reason::TokenAlgorithmRefused);
    bench.refuses("a.b.c", Reason::TokenMalformed);
}

#[tokio::test]
async fn an_outage_of_the_keys_is_503_and_no_refusal_of_the_token() {
    let bench = Bench::with(|issuer| issuer.keys(Slow(Err(Reason::KeySetUnavailable))));
    let denial = bench.verifier.verify(&bench.token().sign()).resolve().await.unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.reason()), (503, Reason::KeySetUnavailable));
}

/// Remembers what it was asked, and answers as told.
struct DenyList {
    revoked: Result<Option<&'static str>, ()>,
    wait: bool,
    asked: Mutex<Vec<String>>,
}

impl Revocations for DenyList {
    fn is_revoked(&self, token: &TokenFacts<'_>) -> Step<Result<bool, StoreError>> {
        let id = token.token_id.unwrap_or_default();
        assert!(token.issued_at.is_some() && token.expires_at.is_some() && token.issuer.is_some());
        self.asked.lock().unwrap().push(format!("{} {id}", token.subject));
        let answer = self.revoked.map(|revoked| revoked == Some(id)).map_err(|()| StoreError::new("down"));
        if self.wait { Step::wait(std::future::ready(answer)) } else { Step::Done(answer) }
    }
}

fn with_list(revoked: Result<Option<&'static str>, ()>, wait: bool) -> (Bench, Arc<DenyList>) {
    let list = Arc::new(DenyList { revoked, wait, asked: Mutex::default() });
    let asked = Arc::clone(&list);
    (Bench::scheme(|issuer| issuer, |scheme| scheme.revocations(list)), asked)
}

/// A3.14.
#[tokio::test]
async fn a_revoked_token_is_refused_whether_the_list_answers_now_or_later() {
    for wait in [false, true] {
        let (bench, list) = with_list(Ok(Some("token-x")), wait);
        let verify = async |id: &str| {
            let token = bench.token().claim("jti", id).sign();
            bench.verifier.verify(&token).resolve().await.map_err(|denial| denial.reason())
        };
        assert_eq!(verify("token-x").await.unwrap_err(), Reason::TokenRevoked);
        assert_eq!(verify("token-y").await.unwrap().token_id(), Some("token-y"));
        assert_eq!(*list.asked.lock().unwrap(), ["alice token-x", "alice token-y"]);
    }
}

#[tokio::test]
async fn a_deny_list_that_fails_is_503_and_never_a_pass() {
    for wait in [false, true] {
        let (bench, _) = with_list(Err(()), wait);
        let denial = bench.verifier.verify(&bench.token().sign()).resolve().await.unwrap_err();
        assert_eq!((denial.status().as_u16(), denial.reason()), (503, Reason::StoreUnavailable));
    }
}

/// Only tokens that verify and are in time reach the list.
#[test]
fn the_list_is_not_asked_about_tokens_that_are_refused_already() {
    let (bench, list) = with_list(Ok(None), false);
    bench.check(|token| token.signature([0; 64]), Reason::TokenSignatureInvalid);
    bench.check(|token| token.claim("exp", 1), Reason::TokenExpired);
    assert!(list.asked.lock().unwrap().is_empty());
}
