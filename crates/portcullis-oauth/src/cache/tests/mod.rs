//! What is asked of a remembered token each time (`standing`), what is kept of it and how much (`bounds`),
//! how much memory that is (`memory`).

mod bounds;
mod memory;
mod standing;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use portcullis_core::{Denial, Principal, Reason, Step};
use portcullis_testkit::{FakeClock, TestIssuer, TokenBuilder};

use super::{RememberTokens, TokenCache};
use crate::keys::{KeyLookup, KeySet, KeySource};
use crate::{Issuer, JwtBearer, JwtVerifier};

const ISSUER: &str = "https://issuer.example";

/// A verifier, and how often it looked for keys: once for each token that it verifies.
struct Bench {
    server: TestIssuer,
    time: FakeClock,
    keys: Arc<Keys>,
    verifier: JwtVerifier,
}

/// Keys that can be changed and that count who asks for them.
struct Keys {
    set: Mutex<KeySet>,
    asked: AtomicUsize,
    wait: bool,
}

impl KeySource for Keys {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let found = Ok(self.set.lock().unwrap().lookup(kid));
        if self.wait { Step::wait(std::future::ready(found)) } else { Step::Done(found) }
    }

    fn current(&self) -> Option<KeySet> {
        Some(self.set.lock().unwrap().clone())
    }
}

fn key_set(server: &TestIssuer) -> KeySet {
    KeySet::from_jwks_json(server.jwks_json().as_bytes()).unwrap().0
}

impl Bench {
    fn new(remember: RememberTokens) -> Self {
        Self::with(false, |scheme| scheme.remember(remember))
    }

    fn with(wait: bool, change: impl FnOnce(JwtBearer) -> JwtBearer) -> Self {
        let time = FakeClock::new();
        let server = TestIssuer::offline(ISSUER).with_clock(time.clock());
        let set = Mutex::new(key_set(&server));
        let keys = Arc::new(Keys { set, asked: AtomicUsize::new(0), wait });
        let issuer = Issuer::new(ISSUER).audience("https://api.example").keys(Arc::clone(&keys));
        let verifier = change(JwtBearer::issuer(issuer)).build(&time.clock()).unwrap();
        Self { server, time, keys, verifier }
    }

    fn token(&self) -> TokenBuilder {
        self.server.token("alice")
    }

    fn verify(&self, token: &str) -> Result<Principal, Reason> {
        let answer = self.verifier.verify(token).done().expect("nothing to wait for");
        answer.map_err(|denial| denial.reason())
    }

    fn cache(&self) -> &TokenCache {
        self.verifier.remembered().expect("a cache")
    }

    /// Shows the token, and says whether it had to be verified.
    #[track_caller]
    fn check(&self, token: &str, expected: Result<(), Reason>, verified: bool) {
        let before = self.keys.asked.load(Ordering::Relaxed);
        assert_eq!(self.verify(token).map(drop), expected);
        let asked = self.keys.asked.load(Ordering::Relaxed) - before;
        assert_eq!(asked, usize::from(verified), "how often keys were looked for");
    }
}
