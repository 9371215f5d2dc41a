//! An authorization server of one's own.

mod body;
mod fault;
mod online;
mod server;

use std::fmt;
use std::sync::{Arc, Mutex};

use portcullis_core::Clock;
use serde_json::{Value, json};

pub use self::fault::ProviderFault;
use self::server::Server;
use crate::keys::{Algorithm, KeyRing, KeyRings};
use crate::must::lock;
use crate::token::{TEST_AUDIENCE, TokenBuilder};

/// An issuer of tokens with real keys. Clones are one issuer.
///
/// [`offline`](Self::offline) is enough wherever a key set can be handed over as text; [`start`](Self::start) has
/// its documents on loopback.
///
/// ```
/// use portcullis_testkit::TestIssuer;
///
/// let issuer = TestIssuer::offline("https://issuer.example");
/// let token = issuer.token("alice").scope("documents:read").sign();
/// assert_eq!(token.split('.').count(), 3);
/// assert!(issuer.jwks_json().contains("\"kid\":\"es256-1\""));
/// ```
#[derive(Clone)]
pub struct TestIssuer(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    url: String,
    clock: Clock,
    audience: String,
    algorithm: Algorithm,
    keys: Arc<Mutex<KeyRings>>,
    server: Option<Arc<Server>>,
}

impl TestIssuer {
    /// An issuer of that identifier that no network reaches.
    #[must_use]
    pub fn offline(url: &str) -> Self {
        Self(Arc::new(Inner {
            url: url.to_owned(),
            clock: Clock::system(),
            audience: TEST_AUDIENCE.to_owned(),
            algorithm: Algorithm::Es256,
            keys: Arc::new(Mutex::new(KeyRings::new())),
            server: None,
        }))
    }

    /// The same issuer with another clock for `iat` and `exp`. By default, this is the system's.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        self.with(|inner| inner.clock = clock)
    }

    /// The same issuer with another audience in its tokens. By default, this is [`TEST_AUDIENCE`].
    #[must_use]
    pub fn with_audience(self, audience: &str) -> Self {
        self.with(|inner| inner.audience = audience.to_owned())
    }

    /// The same issuer, signing by another algorithm. By default, this is ES256, whose keys are quickly made.
    #[must_use]
    pub fn with_algorithm(self, algorithm: Algorithm) -> Self {
        self.with(|inner| inner.algorithm = algorithm)
    }

    /// The issuer identifier (`iss`).
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The audience of its tokens.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.0.audience
    }

    /// Starts a valid access token for the subject (RFC 9068): five minutes long, without scopes.
    pub fn token(&self, subject: &str) -> TokenBuilder {
        TokenBuilder::new(self, subject)
    }

    /// The public keys as a JWK set (RFC 7517 §5): every generation that is published, newest first.
    #[must_use]
    pub fn jwks_json(&self) -> String {
        let keys: Vec<Value> = lock(&self.0.keys).published().flat_map(KeyRing::jwks).collect();
        json!({ "keys": keys }).to_string()
    }

    /// The discovery document (RFC 8414 §2, OpenID Connect Discovery §3).
    #[must_use]
    pub fn discovery_json(&self) -> String {
        let url = self.url().trim_end_matches('/');
        let algorithms: Vec<_> = Algorithm::ASYMMETRIC.iter().map(|algorithm| algorithm.name()).collect();
        json!({
            "issuer": self.url(),
            "jwks_uri": format!("{url}/jwks.json"),
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms,
        })
        .to_string()
    }

    /// The newest public key of the algorithm as JWK; the secret as `oct` for a symmetric one.
    #[must_use]
    pub fn jwk(&self, algorithm: Algorithm) -> Value {
        self.keys().jwk(algorithm)
    }

    /// The newest public key of an asymmetric algorithm as DER `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn public_key_der(&self, algorithm: Algorithm) -> Vec<u8> {
        self.keys().public_der(algorithm)
    }

    /// The newest public key of an asymmetric algorithm as PEM.
    #[must_use]
    pub fn public_key_pem(&self, algorithm: Algorithm) -> String {
        self.keys().public_pem(algorithm)
    }

    /// The secret of HS256, HS384 and HS512: 64 octets.
    #[must_use]
    pub fn secret(&self) -> Vec<u8> {
        self.keys().secret().to_vec()
    }

    /// Replaces all keys at once, under new `kid`s: the old ones are published no longer.
    pub fn rotate(&self) {
        self.rotate_with_overlap();
        self.retire_old_keys();
    }

    /// Signs with new keys under new `kid`s from now on, and goes on publishing the old ones.
    pub fn rotate_with_overlap(&self) {
        lock(&self.0.keys).add(1);
    }

    /// Publishes none but the newest keys from now on.
    pub fn retire_old_keys(&self) {
        lock(&self.0.keys).retire_old();
    }

    /// Replaces all keys at once under the `kid`s of the old ones, as careless servers do.
    pub fn rotate_keeping_kids(&self) {
        let mut keys = lock(&self.0.keys);
        keys.add(0);
        keys.retire_old();
    }

    pub(crate) fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&lock(&self.0.keys).newest)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner {
            url: self.0.url.clone(),
            clock: self.0.clock.clone(),
            audience: self.0.audience.clone(),
            algorithm: self.0.algorithm,
            keys: Arc::clone(&self.0.keys),
            server: self.0.server.clone(),
        };
        change(&mut inner);
        Self(Arc::new(inner))
    }
}

impl fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIssuer").field("url", &self.0.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
