//! Public keys in PEM. They take the way over a JWK, so that every key passes the same checks.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::jwk::Jwk;

use super::jwk::{self, UnusableKey};
use super::key::VerifyingKey;
use crate::algorithm::Algorithm;
use crate::json;

/// Reads one key and binds it to the algorithm.
pub(super) fn read(kid: Option<&str>, algorithm: Algorithm, pem: &[u8]) -> Result<VerifyingKey, UnusableKey> {
    // A tree with two backends of jsonwebtoken in it would panic at the first use of either.
    let _ = aws_lc::DEFAULT_PROVIDER.install_default();
    let decoded = match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => DecodingKey::from_ed_pem(pem),
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => return Err(UnusableKey::Algorithm),
        _ => DecodingKey::from_rsa_pem(pem),
    };
    let key =
        decoded.and_then(|key| Jwk::from_decoding_key(&key, None)).map_err(|_| UnusableKey::Malformed)?;
    let Ok(serde_json::Value::Object(mut members)) = serde_json::to_value(key) else {
        return Err(UnusableKey::Malformed);
    };
    members.insert("alg".to_owned(), algorithm.as_str().into());
    if let Some(kid) = kid {
        members.insert("kid".to_owned(), kid.into());
    }
    let set = serde_json::json!({ "keys": [members] }).to_string();
    let document = json::object(set.as_bytes()).ok_or(UnusableKey::Malformed)?;
    let entry = document.members().get("keys").and_then(json::Json::as_list).and_then(<[_]>::first);
    jwk::read(entry.ok_or(UnusableKey::Malformed)?)
}
