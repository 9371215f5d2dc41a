//! A client with a key of its own, and its proofs, right and wrong (RFC 9449).

mod proof;
mod wrong;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use portcullis_core::Clock;
use serde_json::{Value, json};

pub use self::proof::ProofBuilder;
pub use self::wrong::{WrongProof, wrong_proofs};
use crate::keys::{Algorithm, KeyRing};

/// A client that binds its tokens to a key. Clones share the key.
///
/// ```
/// use portcullis_core::Clock;
/// use portcullis_testkit::{Algorithm, DpopClient, TestIssuer};
///
/// let client = DpopClient::new(Algorithm::Es256, Clock::system());
/// let token = TestIssuer::offline("https://issuer.example").token("alice").claim("cnf", client.confirmation()).sign();
/// let proof = client.proof("GET", "https://api.example/documents", &token);
/// // What goes into the field `DPoP`; the token goes into `Authorization: DPoP ..`.
/// assert_eq!(proof.sign().split('.').count(), 3);
/// ```
#[derive(Clone)]
pub struct DpopClient {
    keys: Arc<KeyRing>,
    algorithm: Algorithm,
    clock: Clock,
}

impl DpopClient {
    /// A client with a fresh key, which dates its proofs by this clock.
    #[must_use]
    pub fn new(algorithm: Algorithm, clock: Clock) -> Self {
        Self { keys: Arc::new(KeyRing::generate(0)), algorithm, clock }
    }

    /// The public key, with nothing but the members that it needs.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk = self.keys.jwk(self.algorithm);
        if let Value::Object(members) = &mut jwk {
            for name in ["use", "alg", "kid"] {
                members.remove(name);
            }
        }
        jwk
    }

    /// The thumbprint of the key (RFC 7638), as `cnf.jkt` has it.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        encode(digest(&SHA256, self.canonical_jwk().as_bytes()))
    }

    /// The members in the order of their names, without spaces, as RFC 7638 §3 wants them, whatever order a map of
    /// `serde_json` has in this program.
    fn canonical_jwk(&self) -> String {
        let jwk = self.jwk();
        let members: BTreeMap<&str, &Value> =
            jwk.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect();
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
        format!("{{{}}}", members.join(","))
    }

    /// The claim `cnf` of a token that is bound to the key.
    #[must_use]
    pub fn confirmation(&self) -> Value {
        json!({ "jkt": self.thumbprint() })
    }

    /// A proof for a request with that method, to that URL, with that token.
    pub fn proof(&self, method: &str, url: &str, token: &str) -> ProofBuilder {
        ProofBuilder::new(self, method, url, token)
    }
}

impl fmt::Debug for DpopClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopClient").field("jkt", &self.thumbprint()).finish_non_exhaustive()
    }
}

fn encode(octets: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7638 §3.1 is told in JSON with sorted members; so is what is hashed here.
    #[test]
    fn the_thumbprint_is_that_of_the_sorted_members() {
        for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
            let client = DpopClient::new(algorithm, Clock::system());
            let jwk = client.canonical_jwk();
            let places: Vec<_> = ["crv", "kty", "x", "y"]
                .iter()
                .filter_map(|name| jwk.find(&format!("\"{name}\":")))
                .collect();
            assert!(places.len() >= 3 && places.is_sorted(), "{jwk}");
            assert_eq!(serde_json::from_str::<Value>(&jwk).unwrap(), client.jwk());
            assert_eq!(client.thumbprint().len(), 43);
        }
    }

    #[test]
    fn no_two_wrong_proofs_have_the_same_name() {
        let client = DpopClient::new(Algorithm::Es256, Clock::system());
        let other = DpopClient::new(Algorithm::Es256, Clock::system());
        let good = client.proof("GET", "https://api.example/", "token");
        let wrong = wrong_proofs(&good, &other);
        let names: std::collections::BTreeSet<_> = wrong.iter().map(|wrong| wrong.name).collect();
        assert_eq!(names.len(), wrong.len());
        assert!(wrong.iter().all(|wrong| wrong.proof != good.sign() && !wrong.why.is_empty()));
    }
}
