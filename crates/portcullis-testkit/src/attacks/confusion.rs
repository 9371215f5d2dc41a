//! Public material or guessable text as an HMAC secret.

use super::Attack;
use crate::keys::Algorithm;
use crate::token::TokenBuilder;

/// Secrets that attack tools try first.
const WEAK: [&str; 5] = ["", "secret", "password", "your-256-bit-secret", "changeme"];

pub(super) fn list(base: &TokenBuilder) -> Vec<Attack> {
    let issuer = base.issuer();
    let mut attacks = Vec::new();

    let why = "a public key is never a secret: `alg` must fit the key (RFC 8725 §2.1, §3.1)";
    for key in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let kid = issuer.keys().kid(key);
        let jwk = issuer.jwk(key);
        let pem = issuer.public_key_pem(key);
        let number =
            jwk.get("n").or_else(|| jwk.get("x")).map(|text| text.as_str().unwrap_or_default().to_owned());
        let forms: [(&str, Vec<u8>); 6] = [
            ("PEM", pem.clone().into()),
            ("PEM without its last line break", pem.trim_end().into()),
            ("DER", issuer.public_key_der(key)),
            ("JWK", jwk.to_string().into()),
            ("key set", issuer.jwks_json().into()),
            ("first number", number.unwrap_or_default().into()),
        ];
        for (form, secret) in forms {
            let token = base.clone().hmac_signed(secret).kid(&kid).sign();
            attacks.push(Attack::new(format!("HS256 with {} as {form}", key.name()), token, why));
        }
    }
    for algorithm in [Algorithm::Hs384, Algorithm::Hs512] {
        let secret = issuer.public_key_pem(Algorithm::Rs256);
        let token = base.clone().algorithm(algorithm).hmac_signed(secret).without_header("kid").sign();
        attacks.push(Attack::new(format!("{} with RS256 as PEM, no kid", algorithm.name()), token, why));
    }

    let why =
        "no HMAC but with a key that was configured for it, at least as long as the hash (RFC 7518 §3.2)";
    for secret in WEAK {
        let shown = secret.escape_default();
        let token = base.clone().hmac_signed(secret).without_header("kid").sign();
        attacks.push(Attack::new(format!("HS256 with the secret `{shown}`"), token, why));
    }
    attacks
}
