//! A provider without a network, for tests that count, hold back and answer out of order.

use std::sync::{Arc, LazyLock, Mutex};

use http::HeaderMap;
use portcullis_testkit::Algorithm;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::super::error::{Kind, RemoteError};
use super::super::fetcher::{About, Answer, Fetch, Fetching, Wish};
use super::super::policy::Policy;
use super::*;
use crate::keys::{KeyLookup, KeySet};

/// What a provider says: the keys by name and number, and header fields.
type Document = (Vec<(&'static str, usize)>, HeaderMap);

#[derive(Clone)]
pub(super) struct Provider(Arc<State>);

struct State {
    answer: Mutex<Option<Document>>,
    wishes: Mutex<Vec<Wish>>,
    held: watch::Sender<bool>,
}

impl Provider {
    /// Publishes these keys from now on.
    pub(super) fn publish(&self, keys: &[(&'static str, usize)]) {
        self.publish_with(keys, &[]);
    }

    pub(super) fn publish_with(&self, keys: &[(&'static str, usize)], fields: &[(&'static str, &str)]) {
        let fields = fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        *self.0.answer.lock().unwrap() = Some((keys.to_vec(), HeaderMap::from_iter(fields)));
    }

    pub(super) fn go_down(&self) {
        *self.0.answer.lock().unwrap() = None;
    }

    /// Takes wishes, and answers them after [`release`](Self::release).
    pub(super) fn hold(&self) {
        self.0.held.send_replace(true);
    }

    pub(super) fn release(&self) {
        self.0.held.send_replace(false);
    }

    pub(super) fn fetches(&self) -> usize {
        self.0.wishes.lock().unwrap().len()
    }

    pub(super) fn last_wish(&self) -> Option<Wish> {
        self.0.wishes.lock().unwrap().last().cloned()
    }

    fn answer(&self, wish: &Wish) -> Result<Answer, RemoteError> {
        let (keys, headers) = self.0.answer.lock().unwrap().clone().ok_or(Kind::Interrupted)?;
        let about = About::read(&headers);
        match wish {
            Wish::UnlessStill(etag) if headers.get("etag") == Some(etag) => Ok(Answer::Unchanged(about)),
            _ => Ok(Answer::Keys(key_set(&keys), about)),
        }
    }
}

impl Fetch for Provider {
    fn fetch(&self, wish: Wish) -> Fetching<'_> {
        self.0.wishes.lock().unwrap().push(wish.clone());
        Box::pin(async move {
            let _ = self.0.held.subscribe().wait_for(|held| !held).await;
            self.answer(&wish)
        })
    }
}

/// A provider, the time, and a key set that fetches from it.
pub(super) struct Scripted {
    pub(super) provider: Provider,
    pub(super) time: FakeClock,
    pub(super) keys: RemoteKeySet,
}

impl Scripted {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Policy)) -> Self {
        let provider = Provider(Arc::new(State {
            answer: Mutex::new(None),
            wishes: Mutex::new(Vec::new()),
            held: watch::Sender::new(false),
        }));
        let (time, mut policy) = (FakeClock::new(), Policy::default());
        change(&mut policy);
        let fetch = Box::new(provider.clone());
        let keys = RemoteKeySet::new("https://login.example.com".into(), fetch, policy, time.clock());
        Self { provider, time, keys }
    }

    /// With these keys fetched.
    pub(super) async fn knowing(keys: &[(&'static str, usize)]) -> Self {
        let scripted = Self::new();
        scripted.provider.publish(keys);
        scripted.keys.prefetch().await.unwrap();
        scripted
    }

    pub(super) async fn find(&self, kid: &str) -> Result<KeyLookup, Denial> {
        self.keys.find(Some(kid)).resolve().await
    }

    #[track_caller]
    pub(super) fn find_now(&self, kid: &str) -> Result<KeyLookup, Denial> {
        self.keys.find(Some(kid)).done().expect("it waits")
    }

    /// Whether a token with the name verifies by that key, as the verifier asks for keys.
    pub(super) async fn accepts(&self, kid: &str, number: usize) -> bool {
        let verifies = |found: &KeyLookup| found.keys().iter().any(|known| is(known, number));
        let Ok(found) = self.find(kid).await else { return false };
        if found.is_unknown() || verifies(&found) {
            return verifies(&found);
        }
        match self.keys.look_again(Some(kid), &found) {
            Some(step) => step.resolve().await.is_ok_and(|again| verifies(&again)),
            None => false,
        }
    }
}

/// Whether it is the key of that number.
pub(super) fn is(key: &crate::keys::VerifyingKey, number: usize) -> bool {
    let other = key_set(&[("x", number)]);
    key.thumbprint() == other.keys()[0].thumbprint()
}

/// Eight keys that differ.
static KEYS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let key = |_| TestIssuer::offline("https://login.example.com").jwk(Algorithm::EdDsa);
    (0..8).map(key).collect()
});

pub(super) fn key_set(keys: &[(&str, usize)]) -> KeySet {
    let named = keys.iter().map(|(kid, number)| {
        let mut key = KEYS[*number].clone();
        key["kid"] = json!(kid);
        key
    });
    let document = json!({ "keys": named.collect::<Vec<_>>() }).to_string();
    KeySet::from_jwks_json(document.as_bytes()).unwrap().0
}
