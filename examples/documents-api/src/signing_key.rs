//! The service's own key: made on first start, kept beside the database.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::pkcs8::Document;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::private_file;

/// Signs with ES256 (RFC 7518 §3.4).
pub struct SigningKey {
    pair: EcdsaKeyPair,
    jwk: Value,
    kid: String,
}

impl SigningKey {
    /// A key that is kept nowhere.
    ///
    /// # Errors
    /// [`KeyError::Signing`] if the system has no random octets to give.
    pub fn fresh() -> Result<Self, KeyError> {
        Self::of(generate()?.as_ref()).ok_or(KeyError::Signing)
    }

    /// Reads the key from the file (PKCS#8, DER), or makes one and the file with it.
    ///
    /// # Errors
    /// [`KeyError`] if the file cannot be read or written, or holds something else.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let pkcs8 = private_file::read_or_create(path, generate()?.as_ref())
            .map_err(|source| KeyError::File { path: path.into(), source })?;
        Self::of(&pkcs8).ok_or_else(|| KeyError::NotAKey { path: path.into() })
    }

    /// The key in PKCS#8; `None` if it is none.
    fn of(pkcs8: &[u8]) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?;
        // RFC 7518 §6.2.1: the uncompressed point is 0x04, x, y.
        let (x, y) = match pair.public_key().as_ref() {
            [4, point @ ..] if point.len() == 64 => point.split_at(32),
            _ => return None,
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        // RFC 7638 §3: the required members in lexicographic order, without white space.
        let thumbprint = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest(&SHA256, thumbprint.as_bytes()));
        let jwk =
            json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y});
        Some(Self { pair, jwk, kid })
    }

    /// The public half, as a JWK set (RFC 7517 §5).
    pub fn jwks(&self) -> String {
        json!({"keys": [self.jwk]}).to_string()
    }

    /// A signed token of the type (RFC 7515 §3.1).
    ///
    /// # Errors
    /// [`KeyError::Signing`] if the claims cannot be written or the key cannot sign.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let header = json!({"alg": "ES256", "typ": typ, "kid": self.kid}).to_string();
        let claims = serde_json::to_vec(claims).map_err(|_| KeyError::Signing)?;
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature =
            self.pair.sign(&SystemRandom::new(), message.as_bytes()).map_err(|_| KeyError::Signing)?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A new key in PKCS#8.
fn generate() -> Result<Document, KeyError> {
    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|_| KeyError::Signing)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The key cannot be had or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    #[error("the signing key `{path}` cannot be read or written")]
    File { path: PathBuf, source: io::Error },
    #[error(
        "`{path}` does not hold an ES256 key in PKCS#8; remove it to get a new one (tokens issued so far then \
         no longer count)"
    )]
    NotAKey { path: PathBuf },
    #[error("the signing key cannot sign")]
    Signing,
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;
    use crate::testing::Folder;

    #[test]
    fn a_token_verifies_with_the_published_key() {
        let folder = Folder::new();
        let key = SigningKey::load_or_create(&folder.path().join("key.p8")).unwrap();
        let token = key.sign("at+jwt", &json!({"sub": "alice"})).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();

        let jwks: Value = serde_json::from_str(&key.jwks()).unwrap();
        let jwk = &jwks["keys"][0];
        let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let point = [vec![4], part("x"), part("y")].concat();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        public.verify(message.as_bytes(), &signature).unwrap();
        assert!(jwk.get("d").is_none());
    }

    #[test]
    fn the_key_survives_a_restart() {
        let folder = Folder::new();
        let path = folder.path().join("key.p8");
        let (first, second) =
            (SigningKey::load_or_create(&path).unwrap(), SigningKey::load_or_create(&path).unwrap());
        assert_eq!(first.jwks(), second.jwks());
    }

    #[test]
    fn a_garbage_file_is_refused_and_kept() {
        let folder = Folder::new();
        let path = folder.path().join("key.p8");
        for garbage in [&b""[..], b"garbage", &[0x30, 0x82, 0xff]] {
            std::fs::write(&path, garbage).unwrap();
            let error = SigningKey::load_or_create(&path).unwrap_err();
            assert!(matches!(error, KeyError::NotAKey { .. }), "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), garbage);
        }
    }

    #[test]
    fn the_private_half_is_not_printed() {
        let folder = Folder::new();
        let key = SigningKey::load_or_create(&folder.path().join("key.p8")).unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey {{ kid: {:?}, .. }}", key.kid));
    }
}
