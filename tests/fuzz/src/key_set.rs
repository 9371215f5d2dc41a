//! Key sets as an issuer publishes them.

use portcullis::oauth::{Algorithm, KeySet};

pub fn run(octets: &[u8]) {
    let Ok((keys, skipped)) = KeySet::from_jwks_json(octets) else { return };
    assert!(keys.len() + skipped.len() <= octets.len());
    for key in keys.keys() {
        // A secret in a public document is no secret.
        let symmetric = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        assert!(!symmetric.into_iter().any(|algorithm| key.serves(algorithm)), "{key:?}");
        assert!(key.algorithms().all(|algorithm| key.serves(algorithm)));
        if let Some(kid) = key.kid() {
            assert!(keys.knows(kid));
        }
    }
}
