//! Proofs of requests that come without a token, for those who issue tokens.

use std::fmt;

use portcullis_core::{Challenge, Clock, ConfigErrors, Denial, PublicUrl, RequestView, Step};

use super::settings::Dpop;
use super::verifier::DpopVerifier;
use crate::keys::Thumbprint;

/// Verifies the proof of a request that asks for a token, so that the token can be bound to the key (RFC 9449 §5). It is for
/// applications that issue tokens of their own, at their login.
///
/// ```
/// use http::Request;
/// use portcullis_core::{RequestView, Trail};
/// use portcullis_oauth::{Dpop, dpop::DpopKeys};
/// use portcullis_testkit::{Algorithm, DpopClient, FakeClock};
///
/// # let time = FakeClock::new();
/// let keys = DpopKeys::new(Dpop::new().origin("https://api.example.com"), None, &time.clock())?;
/// let client = DpopClient::new(Algorithm::Es256, time.clock());
/// let proof = client.proof("POST", "https://api.example.com/login", "").without("ath").sign();
/// let mut request = Request::post("/login").header("dpop", proof).body(()).unwrap();
/// Trail::ensure(request.extensions_mut(), &time.clock());
/// let view = RequestView::of(&request).unwrap();
/// let key = keys.prove(&view).done().unwrap().unwrap();
/// assert_eq!(client.confirmation()["jkt"], key.to_string()); // for `cnf` of the token
///
/// // Refused: the same proof once more.
/// let refused = keys.prove(&view).done().unwrap().unwrap_err();
/// assert_eq!(refused.reason().code(), "dpop_proof_replayed");
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
#[derive(Clone)]
pub struct DpopKeys(DpopVerifier);

impl DpopKeys {
    /// With the settings of the schemes: origin, algorithms, times, nonces, and the store of used proofs. An origin is
    /// named there, or the public URL of the API here.
    ///
    /// # Errors
    /// What is wrong with the settings: see [`Dpop`].
    pub fn new(settings: Dpop, public_url: Option<&PublicUrl>, clock: &Clock) -> Result<Self, ConfigErrors> {
        settings.known_as(public_url).build([], clock).map(Self)
    }

    /// Whose key the request proves, by its one field `DPoP`. The proof is good for this request alone.
    ///
    /// # Errors
    /// 401 for a proof that is missing or wrong, or that lacks the nonce which is demanded; the answer then brings one.
    /// 503 if the store of used proofs cannot be asked.
    pub fn prove(&self, request: &RequestView<'_>) -> Step<Result<Thumbprint, Denial>> {
        self.0.without_token(request).map(|proven| proven.map(Thumbprint::from_bytes))
    }

    /// The challenge that goes with a refusal.
    pub fn challenge(&self, realm: &str, refused: &Denial) -> Challenge {
        self.0.challenge(realm, Some(refused))
    }
}

impl fmt::Debug for DpopKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DpopKeys").field(&self.0).finish()
    }
}
