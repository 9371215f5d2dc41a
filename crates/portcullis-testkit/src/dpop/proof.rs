use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value};

use super::{DpopClient, encode};

/// Makes a proof. Everything that is not changed is as a valid proof has it, with a `jti` of its own.
#[derive(Clone)]
#[must_use]
pub struct ProofBuilder {
    client: DpopClient,
    signer: DpopClient,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signature: Option<Vec<u8>>,
}

impl ProofBuilder {
    pub(super) fn new(client: &DpopClient, method: &str, url: &str, token: &str) -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let object = |members: Vec<(&str, Value)>| {
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        Self {
            client: client.clone(),
            signer: client.clone(),
            header: object(vec![
                ("typ", "dpop+jwt".into()),
                ("alg", client.algorithm.name().into()),
                ("jwk", client.jwk()),
            ]),
            claims: object(vec![
                ("jti", format!("proof-{serial}").into()),
                ("htm", method.into()),
                ("htu", url.into()),
                ("iat", client.clock.unix_time().as_secs().into()),
                ("ath", encode(digest(&SHA256, token.as_bytes())).into()),
            ]),
            signature: None,
        }
    }

    /// Sets the nonce that the server sent. By default, there is none.
    pub fn nonce(self, nonce: &str) -> Self {
        self.claim("nonce", nonce)
    }

    /// Dates the proof that long before now.
    pub fn issued_ago(self, ago: Duration) -> Self {
        let at = self.client.clock.unix_time().saturating_sub(ago);
        self.claim("iat", at.as_secs_f64())
    }

    /// Dates the proof that long after now.
    pub fn issued_in(self, wait: Duration) -> Self {
        let at = self.client.clock.unix_time().saturating_add(wait);
        self.claim("iat", at.as_secs_f64())
    }

    /// Sets a claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a claim out.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a header parameter, also `alg`: the signature stays what it would have been.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a header parameter out.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Signs with the key of another client; `jwk` stays.
    pub fn signed_by(self, signer: &DpopClient) -> Self {
        Self { signer: signer.clone(), ..self }
    }

    /// Uses these octets for a signature; none for a stripped one.
    pub fn signature(self, octets: impl Into<Vec<u8>>) -> Self {
        Self { signature: Some(octets.into()), ..self }
    }

    /// The finished proof in the compact form (RFC 7515 §7.1).
    #[must_use]
    pub fn sign(&self) -> String {
        let part = |members: &Map<String, Value>| encode(Value::Object(members.clone()).to_string());
        let message = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = match &self.signature {
            Some(octets) => octets.clone(),
            None => self.signer.keys.sign(self.signer.algorithm, message.as_bytes()),
        };
        format!("{message}.{}", encode(signature))
    }

    /// The client whose proof this is.
    #[must_use]
    pub fn client(&self) -> &DpopClient {
        &self.client
    }

    pub(super) fn header_of(&self, name: &str) -> Value {
        self.header.get(name).cloned().unwrap_or_default()
    }

    pub(super) fn text_claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl fmt::Debug for ProofBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofBuilder")
            .field("header", &self.header)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}
