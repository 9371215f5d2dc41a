//! An issuer that put a new key under an old name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_core::{Denial, Reason, Step};
use portcullis_testkit::TestIssuer;

use super::{Bench, ISSUER};
use crate::keys::{KeyLookup, KeySet, KeySource};

/// Finds the old keys, and others only when it is asked again.
struct Rotating {
    old: KeySet,
    others: Option<Result<KeySet, Reason>>,
    wait: bool,
    asked: AtomicUsize,
}

impl KeySource for Rotating {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        Step::Done(Ok(self.old.lookup(kid)))
    }

    fn current(&self) -> Option<KeySet> {
        Some(self.old.clone())
    }

    fn look_again(&self, kid: Option<&str>, tried: &KeyLookup) -> Option<Step<Result<KeyLookup, Denial>>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(tried.is_same_as(&self.old.lookup(kid)), "what was tried");
        let others = self.others.as_ref()?.as_ref();
        let found = others.map(|set| set.lookup(kid)).map_err(|reason| Denial::new(*reason));
        Some(if self.wait { Step::wait(std::future::ready(found)) } else { Step::Done(found) })
    }
}

fn keys_of(server: &TestIssuer) -> KeySet {
    KeySet::from_jwks_json(server.jwks_json().as_bytes()).unwrap().0
}

/// Shows a token of the new key to a verifier that knows the old one; the answer, and how often it asked again.
async fn rotated(others: Option<Result<&str, Reason>>, wait: bool) -> (Result<(), Reason>, usize) {
    let (old, new, third) =
        (TestIssuer::offline(ISSUER), TestIssuer::offline(ISSUER), TestIssuer::offline(ISSUER));
    let others = others.map(|found| {
        found.map(|name| match name {
            "new" => keys_of(&new),
            "old" => keys_of(&old),
            "third" => keys_of(&third),
            _ => KeySet::of([]),
        })
    });
    let source = Arc::new(Rotating { old: keys_of(&old), others, wait, asked: AtomicUsize::new(0) });
    let keys = Arc::clone(&source);
    let bench = Bench::with(|issuer| issuer.keys(keys));
    let token = new.with_clock(bench.time.clock()).token("alice").sign();
    let answer = bench.verifier.verify(&token).resolve().await;
    (answer.map(drop).map_err(|denial| denial.reason()), source.asked.load(Ordering::Relaxed))
}

/// A2.14: a signature that verifies with no known key may be one of a newer key of that name.
#[tokio::test]
async fn a_token_of_a_new_key_under_an_old_name_is_taken_once_the_issuer_is_asked_again() {
    for wait in [false, true] {
        assert_eq!(rotated(Some(Ok("new")), wait).await, (Ok(()), 1));
    }
}

/// It is asked once, and what it has no answer to stays refused.
#[tokio::test]
async fn a_signature_of_nobody_stays_refused() {
    let invalid = (Err(Reason::TokenSignatureInvalid), 1);
    assert_eq!(rotated(None, false).await, invalid);
    for wait in [false, true] {
        for found in ["old", "third", "none"] {
            assert_eq!(rotated(Some(Ok(found)), wait).await, invalid, "{found}");
        }
        let down = rotated(Some(Err(Reason::KeySetUnavailable)), wait).await;
        assert_eq!(down, (Err(Reason::KeySetUnavailable), 1));
    }
}

/// Only a signature is a reason to ask.
#[tokio::test]
async fn nothing_else_that_is_wrong_makes_it_ask_again() {
    let server = TestIssuer::offline(ISSUER);
    let set = keys_of(&server);
    let source =
        Rotating { old: set.clone(), others: Some(Ok(set)), wait: false, asked: AtomicUsize::new(0) };
    let source = Arc::new(source);
    let keys = Arc::clone(&source);
    let bench = Bench::with(|issuer| issuer.keys(keys));
    let server = server.with_clock(bench.time.clock());
    for token in [
        server.token("alice"),
        server.token("alice").kid("other"),
        server.token("alice").claim("exp", 1),
        server.token("alice").audience("https://x.example"),
    ] {
        let _ = bench.verify(&token.sign());
    }
    assert_eq!(source.asked.load(Ordering::Relaxed), 0);
}
