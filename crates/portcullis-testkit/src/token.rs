//! Tokens, right and wrong.

mod providers;
pub mod tamper;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

pub use self::providers::TestProvider;
use crate::issuer::TestIssuer;
use crate::keys::{Algorithm, hmac_sign};

/// The audience of the tokens of an issuer that was given no other.
pub const TEST_AUDIENCE: &str = "https://api.example";

/// The `client_id` of tokens that were given no other.
pub const TEST_CLIENT: &str = "test-client";

/// How long a token lives that was given no other end.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(300);

/// Makes a token. Everything that is not changed is as a valid access token of RFC 9068 has it.
///
/// ```
/// use std::time::Duration;
/// use portcullis_testkit::{Algorithm, TestIssuer, tamper};
///
/// let issuer = TestIssuer::offline("https://issuer.example");
/// let valid = issuer.token("alice").scope("a b").audience("https://other.example").sign();
/// let expired = issuer.token("alice").expired_since(Duration::from_secs(1)).sign();
/// let nobody = issuer.token("alice").without("sub").sign();
/// let confused = issuer.token("alice").hmac_signed(issuer.public_key_pem(Algorithm::Rs256)).sign();
/// assert_eq!(tamper::claims_of(&valid)["scope"], "a b");
/// assert!(tamper::claims_of(&nobody).get("sub").is_none());
/// assert_eq!(tamper::header_of(&confused)["alg"], "HS256");
/// # assert_ne!(expired, valid);
/// ```
#[derive(Clone)]
#[must_use]
pub struct TokenBuilder {
    issuer: TestIssuer,
    algorithm: Algorithm,
    header_changes: Vec<(String, Option<Value>)>,
    claims: Map<String, Value>,
    header_text: Option<Vec<u8>>,
    claims_text: Option<Vec<u8>>,
    signature: Signature,
}

#[derive(Clone)]
enum Signature {
    By(TestIssuer),
    Hmac(Vec<u8>),
    Octets(Vec<u8>),
}

impl TokenBuilder {
    pub(crate) fn new(issuer: &TestIssuer, subject: &str) -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let now = issuer.clock().unix_time().as_secs();
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let claims = [
            ("iss", issuer.url().into()),
            ("sub", subject.into()),
            ("aud", issuer.audience().into()),
            ("client_id", TEST_CLIENT.into()),
            ("iat", now.into()),
            ("exp", (now + TOKEN_LIFETIME.as_secs()).into()),
            ("jti", format!("token-{serial}").into()),
        ];
        Self {
            issuer: issuer.clone(),
            algorithm: issuer.algorithm(),
            header_changes: Vec::new(),
            claims: claims.into_iter().map(|(name, value): (_, Value)| (name.to_owned(), value)).collect(),
            header_text: None,
            claims_text: None,
            signature: Signature::By(issuer.clone()),
        }
    }

    /// Sets the scopes, space-delimited. By default, there is no `scope`.
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", scope)
    }

    /// Sets the one audience. By default, this is the issuer's.
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", audience)
    }

    /// Sets the list of audiences.
    pub fn audiences<'a>(self, audiences: impl IntoIterator<Item = &'a str>) -> Self {
        self.claim("aud", audiences.into_iter().collect::<Vec<_>>())
    }

    /// Sets the list of roles. By default, there is no `roles`.
    pub fn roles<'a>(self, roles: impl IntoIterator<Item = &'a str>) -> Self {
        self.claim("roles", roles.into_iter().collect::<Vec<_>>())
    }

    /// Sets `iss`, without changing the key.
    pub fn claimed_issuer(self, issuer: &str) -> Self {
        self.claim("iss", issuer)
    }

    /// Ends the token that long after now. By default, this is [`TOKEN_LIFETIME`].
    pub fn expires_in(self, lifetime: Duration) -> Self {
        let at = self.now() + lifetime.as_secs();
        self.claim("exp", at)
    }

    /// Ended the token that long before now; zero is now, which is too late already (RFC 7519 §4.1.4).
    pub fn expired_since(self, ago: Duration) -> Self {
        let at = self.now().saturating_sub(ago.as_secs());
        self.claim("exp", at)
    }

    /// Begins the token that long after now. By default, there is no `nbf`.
    pub fn not_before_in(self, wait: Duration) -> Self {
        let at = self.now() + wait.as_secs();
        self.claim("nbf", at)
    }

    /// Sets when the user logged in. By default, there is no `auth_time`.
    pub fn auth_time(self, at: SystemTime) -> Self {
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.claim("auth_time", at)
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

    /// Signs by another algorithm, with the issuer's key for it. By default, this is the issuer's.
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// Sets a header parameter, also `alg`: the signature stays what it would have been.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header_changes.push((name.to_owned(), Some(value.into())));
        self
    }

    /// Leaves a header parameter out.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header_changes.push((name.to_owned(), None));
        self
    }

    /// Sets `typ`. By default, this is `at+jwt` (RFC 9068 §2.1).
    pub fn typ(self, typ: &str) -> Self {
        self.header("typ", typ)
    }

    /// Sets `kid`. By default, this is the name of the key that signs.
    pub fn kid(self, kid: &str) -> Self {
        self.header("kid", kid)
    }

    /// Signs with the key of another issuer.
    pub fn signed_by(self, issuer: &TestIssuer) -> Self {
        Self { signature: Signature::By(issuer.clone()), ..self }
    }

    /// Signs with a secret of any length by HS256, or by the HS algorithm that was chosen before.
    pub fn hmac_signed(self, secret: impl Into<Vec<u8>>) -> Self {
        let symmetric = Algorithm::SYMMETRIC.contains(&self.algorithm);
        let algorithm = if symmetric { self.algorithm } else { Algorithm::Hs256 };
        Self { signature: Signature::Hmac(secret.into()), algorithm, ..self }
    }

    /// Uses these octets for a signature; none for a stripped one.
    pub fn signature(self, octets: impl Into<Vec<u8>>) -> Self {
        Self { signature: Signature::Octets(octets.into()), ..self }
    }

    /// Uses this text for the header, whatever it is, also octets that are no UTF-8.
    pub fn header_text(self, text: impl Into<Vec<u8>>) -> Self {
        Self { header_text: Some(text.into()), ..self }
    }

    /// Uses this text for the claims, whatever it is, also octets that are no UTF-8.
    pub fn claims_text(self, text: impl Into<Vec<u8>>) -> Self {
        Self { claims_text: Some(text.into()), ..self }
    }

    /// The claims as JSON text, to begin a [`claims_text`](Self::claims_text) with.
    #[must_use]
    pub fn claims_json(&self) -> String {
        match &self.claims_text {
            Some(text) => String::from_utf8_lossy(text).into_owned(),
            None => Value::Object(self.claims.clone()).to_string(),
        }
    }

    /// The header as JSON text, to begin a [`header_text`](Self::header_text) with.
    #[must_use]
    pub fn header_json(&self) -> String {
        if let Some(text) = &self.header_text {
            return String::from_utf8_lossy(text).into_owned();
        }
        let mut header = Map::new();
        header.insert("alg".to_owned(), self.algorithm.name().into());
        header.insert("typ".to_owned(), "at+jwt".into());
        let signer = match &self.signature {
            Signature::By(signer) => signer,
            Signature::Hmac(_) | Signature::Octets(_) => &self.issuer,
        };
        header.insert("kid".to_owned(), signer.keys().kid(self.algorithm).into());
        for (name, value) in &self.header_changes {
            match value {
                Some(value) => header.insert(name.clone(), value.clone()),
                None => header.remove(name),
            };
        }
        Value::Object(header).to_string()
    }

    /// The finished token in the compact form (RFC 7515 §7.1).
    #[must_use]
    pub fn sign(&self) -> String {
        let part =
            |text: &Option<Vec<u8>>, json: String| encode(text.clone().unwrap_or_else(|| json.into_bytes()));
        let header = part(&self.header_text, self.header_json());
        let message = format!("{header}.{}", part(&self.claims_text, self.claims_json()));
        let signature = match &self.signature {
            Signature::By(issuer) => issuer.keys().sign(self.algorithm, message.as_bytes()),
            Signature::Hmac(secret) => hmac_sign(self.algorithm, secret, message.as_bytes()),
            Signature::Octets(octets) => octets.clone(),
        };
        format!("{message}.{}", encode(signature))
    }

    /// The issuer whose token this is.
    #[must_use]
    pub fn issuer(&self) -> &TestIssuer {
        &self.issuer
    }

    /// The finished token as the value of an `Authorization` field.
    #[must_use]
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.sign())
    }

    fn now(&self) -> u64 {
        self.issuer.clock().unix_time().as_secs()
    }
}

impl fmt::Debug for TokenBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBuilder")
            .field("header", &self.header_json())
            .field("claims", &self.claims_json())
            .finish_non_exhaustive()
    }
}

fn encode(octets: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}

#[cfg(test)]
mod tests;
