use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Secret};
use thiserror::Error;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::json::{self, Json, Members};

/// The private key by which this application proves itself (RFC 7523): ES256, EdDSA or RS256. Clones are free, and
/// nothing prints it.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    kid: Option<Box<str>>,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl SigningKey {
    /// Reads a key in PKCS#8 as PEM (`PRIVATE KEY`): of the curve P-256, of Ed25519, or RSA of 2048 bits or more.
    ///
    /// # Errors
    /// [`UnusableSigningKey`], which quotes nothing of the text.
    #[expect(clippy::needless_pass_by_value, reason = "the secret is moved in, so that it is wiped here")]
    pub fn from_pem(pem: Secret) -> Result<Self, UnusableSigningKey> {
        let der = pkcs8(pem.expose()).ok_or(UnusableSigningKey::NotPem)?;
        let der = der.expose();
        let pair = if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            Pair::Ec(pair)
        } else if let Ok(pair) = Ed25519KeyPair::from_pkcs8(der) {
            Pair::Ed(pair)
        } else {
            Pair::Rsa(RsaKeyPair::from_pkcs8(der).map_err(|_| UnusableSigningKey::Key)?)
        };
        Self::of(pair, None)
    }

    /// Reads a private JWK (RFC 7517) of the curve P-256 or Ed25519; its `kid` is kept.
    ///
    /// # Errors
    /// [`UnusableSigningKey`], which quotes nothing of the text.
    pub fn from_jwk(jwk: impl Into<Secret>) -> Result<Self, UnusableSigningKey> {
        let jwk = jwk.into();
        let object = json::object(jwk.expose()).ok_or(UnusableSigningKey::NotJwk)?;
        let members = object.members();
        let text = |name| members.get(name).and_then(Json::as_text);
        let pair = match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) => {
                // SEC 1 §2.3.3: an uncompressed point.
                let mut point = vec![4];
                point.extend(octets(members, "x")?.expose());
                point.extend(octets(members, "y")?.expose());
                let private = octets(members, "d")?;
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, private.expose(), &point);
                Pair::Ec(pair.map_err(|_| UnusableSigningKey::Key)?)
            }
            (Some("OKP"), Some("Ed25519")) => {
                let (private, public) = (octets(members, "d")?, octets(members, "x")?);
                let pair = Ed25519KeyPair::from_seed_and_public_key(private.expose(), public.expose());
                Pair::Ed(pair.map_err(|_| UnusableSigningKey::Key)?)
            }
            _ => return Err(UnusableSigningKey::Type),
        };
        let key = Self::of(pair, text("kid").map(Into::into))?;
        match text("alg") {
            Some(name) if Algorithm::from_name(name) != Some(key.algorithm()) => {
                Err(UnusableSigningKey::Type)
            }
            _ => Ok(key),
        }
    }

    /// Names the key in the assertions (`kid`). By default, this is the JWK's.
    #[must_use]
    pub fn with_kid(self, kid: impl Into<Box<str>>) -> Self {
        Self { kid: Some(kid.into()), ..self }
    }

    /// The algorithm by which it signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &*self.pair {
            Pair::Ec(_) => Algorithm::ES256,
            Pair::Ed(_) => Algorithm::EdDSA,
            Pair::Rsa(_) => Algorithm::RS256,
        }
    }

    /// The name of the key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The signature over the message; `None` if there is no randomness.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Ec(pair) => pair.sign(&random, message).ok().map(|signature| signature.as_ref().to_vec()),
            Pair::Ed(pair) => Some(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok().map(|()| signature)
            }
        }
    }

    fn of(pair: Pair, kid: Option<Box<str>>) -> Result<Self, UnusableSigningKey> {
        // RFC 7518 §3.3.
        if let Pair::Rsa(pair) = &pair
            && pair.public_modulus_len() < 256
        {
            return Err(UnusableSigningKey::Key);
        }
        Ok(Self { pair: Arc::new(pair), kid })
    }
}

/// The octets of the one PKCS#8 key in a PEM text (RFC 7468 §10).
fn pkcs8(pem: &[u8]) -> Option<Secret> {
    let pem = std::str::from_utf8(pem).ok()?;
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (text, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let text = Secret::new(text.bytes().filter(|octet| !octet.is_ascii_whitespace()).collect::<Vec<_>>());
    STANDARD.decode(text.expose()).ok().map(Secret::new)
}

fn octets(members: Members<'_, '_>, name: &str) -> Result<Secret, UnusableSigningKey> {
    let text = members.get(name).and_then(Json::as_text).ok_or(UnusableSigningKey::Key)?;
    // P-256 and Ed25519 have numbers of 32 octets (RFC 7518 §6.2.1.2, RFC 8037 §2).
    let octets = base64url::decode(text.as_bytes()).filter(|octets| octets.len() == 32);
    octets.map(Secret::new).ok_or(UnusableSigningKey::Key)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A private key that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnusableSigningKey {
    /// It is malformed, too short, or not one pair with its public half.
    #[error("the private key is malformed, too short, or does not fit its public key")]
    Key,
    /// The text is no JSON object.
    #[error("the private key is no JWK")]
    NotJwk,
    /// The text holds no `PRIVATE KEY` (PKCS#8).
    #[error("the private key is not PKCS#8 in PEM")]
    NotPem,
    /// Neither P-256 nor Ed25519 nor, in PEM, RSA.
    #[error("the private key is of a type that is not used here")]
    Type,
}

impl From<UnusableSigningKey> for ConfigErrors {
    fn from(unusable: UnusableSigningKey) -> Self {
        ConfigError::new(ConfigCode::InvalidClientAuthentication, unusable.to_string()).into()
    }
}
