//! The order of the checks of a proof, and nothing else.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CACHE_CONTROL;
use http::{HeaderName, HeaderValue};
use portcullis_core::challenge::BearerError;
use portcullis_core::{
    Challenge, Clock, Confirmation, Denial, Placement, Principal, ProblemType, Reason, ReplayOutcome,
    ReplayStore, RequestView, Step, StoreError,
};

use super::nonce::Nonces;
use super::origin::{Origin, Place, Url};
use super::path;
use super::proof::{self, Claims, malformed};
use crate::algorithm::Algorithm;
use crate::token::Verified;
use crate::token::refusal::refuse;

/// RFC 9449 §4.1.
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// RFC 9449 §8.1.
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What a verifier is made of.
pub(super) struct Parts {
    pub(super) required: bool,
    pub(super) origins: Vec<Origin>,
    /// What a proxy takes off the path, as the public URL says.
    pub(super) prefix: Box<str>,
    pub(super) any_origin: bool,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) age: Duration,
    pub(super) skew: Duration,
    pub(super) nonces: Option<Nonces>,
    pub(super) replay: Arc<dyn ReplayStore>,
    pub(super) clock: Clock,
}

/// Verifies proofs; clones share the store.
#[derive(Clone)]
pub(crate) struct DpopVerifier(Arc<Parts>);

/// What a proof proved: who holds the key. It borrows nothing of the request.
pub(crate) struct Evidence {
    key: [u8; 32],
    /// The hash of what makes the proof the only one of its kind.
    value: [u8; 32],
    /// The time since 1970 until which the proof can be used.
    until: Duration,
}

/// What the claims came to.
struct Judged {
    value: [u8; 32],
    until: Duration,
}

impl DpopVerifier {
    pub(super) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Whether tokens are taken with a proof alone.
    pub(crate) fn is_required(&self) -> bool {
        self.0.required
    }

    /// The names of the algorithms that proofs may be signed by.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = &'static str> {
        self.0.algorithms.iter().map(|algorithm| algorithm.as_str())
    }

    /// RFC 9449 §7.1.
    pub(crate) fn challenge(&self, realm: &str, refused: Option<&Denial>) -> Challenge {
        let names: Vec<&str> = self.algorithms().collect();
        let challenge = Challenge::new("DPoP", realm).parameter("algs", &names.join(" "));
        match refused.map(Denial::kind) {
            Some(ProblemType::InvalidToken) => challenge.error(BearerError::InvalidToken),
            Some(ProblemType::InvalidDpopProof) => challenge.error(BearerError::InvalidDpopProof),
            Some(ProblemType::UseDpopNonce) => challenge
                .error(BearerError::UseDpopNonce)
                .error_description("Resource server requires nonce in DPoP proof"),
            Some(ProblemType::InvalidRequest) => challenge.error(BearerError::InvalidRequest),
            _ => challenge,
        }
    }

    /// Everything but the binding and the replay (RFC 9449 §4.3).
    ///
    /// # Errors
    /// 401 for a proof that is missing or wrong.
    pub(crate) fn check(&self, token: &str, request: &RequestView<'_>) -> Result<Evidence, Denial> {
        self.read(Some(token), request)
    }

    /// Whose key a request proves that comes without a token, in order to get one (RFC 9449 §5). The proof is used
    /// up.
    ///
    /// # Errors
    /// As [`check`](Self::check); 503 if the store of used proofs cannot be asked.
    pub(super) fn without_token(&self, request: &RequestView<'_>) -> Step<Result<[u8; 32], Denial>> {
        match self.read(None, request) {
            Ok(evidence) => self.0.use_up(&evidence).map(move |used| used.map(|()| evidence.key)),
            Err(denial) => Step::Done(Err(denial)),
        }
    }

    fn read(&self, token: Option<&str>, request: &RequestView<'_>) -> Result<Evidence, Denial> {
        let mut fields = request.headers().get_all(&DPOP).iter();
        let Some(field) = fields.next() else {
            return Err(refuse(Reason::DpopProofMissing, "there is no field `DPoP`"));
        };
        if fields.next().is_some() {
            return Err(malformed("there are two fields `DPoP`"));
        }
        let text = field.to_str().map_err(|_| malformed("the proof has characters outside ASCII"))?;
        let allows = |algorithm| self.0.algorithms.contains(&algorithm);
        let (key, judged) = proof::read(text, allows, |claims| self.0.judge(claims, token, request))?;
        Ok(Evidence { key: *key.thumbprint().as_bytes(), value: judged.value, until: judged.until })
    }

    /// The caller, if the token is bound to the key that was proven, and the proof was not used before.
    pub(crate) fn bind(&self, verified: Verified, evidence: &Evidence) -> Step<Result<Principal, Denial>> {
        let unproven = |why| Step::Done(Err(refuse(Reason::TokenBindingUnproven, why)));
        match verified.confirmation() {
            Some(Confirmation::DpopKey(key)) if *key == evidence.key => {}
            Some(Confirmation::DpopKey(_)) => return unproven("the token is bound to another key"),
            Some(_) => return unproven("the token is bound to a certificate, not to a key"),
            // RFC 9449 §7.1.
            None => return Step::Done(Err(refuse(Reason::TokenUnbound, "the token is bound to no key"))),
        }
        let principal = verified.proven();
        self.0.use_up(evidence).map(|used| used.map(|()| principal))
    }
}

impl Parts {
    fn judge(
        &self,
        claims: &Claims<'_>,
        token: Option<&str>,
        request: &RequestView<'_>,
    ) -> Result<Judged, Denial> {
        let mismatch = |why| refuse(Reason::DpopProofMismatch, why);
        // RFC 9110 §9.1: methods have case.
        if claims.method != request.method().as_str() {
            return Err(mismatch("`htm` is another method"));
        }
        // RFC 9449 §4.2: `ath` is for proofs that come with a token.
        if let Some(token) = token {
            let hash = claims.token_hash.ok_or_else(|| malformed("`ath` is missing"))?;
            if !is_hash_of(hash, token) {
                return Err(mismatch("`ath` is not the hash of the token"));
            }
        }
        let url = Url::parse(claims.url).ok_or_else(|| mismatch("`htu` is no http url"))?;
        if !self.is_here(url.place(), request) {
            return Err(mismatch("`htu` names another origin"));
        }
        if !path::is_behind(&self.prefix, url.path, request.original_path()) {
            return Err(mismatch("`htu` names another path"));
        }
        let now = self.clock.unix_time();
        let until = match &self.nonces {
            None => self.check_age(claims.issued, now)?,
            Some(nonces) => check_nonce(nonces, claims.nonce, now, request)?,
        };
        Ok(Judged { value: identity(claims), until })
    }

    /// Remembers the proof, unless it was used before.
    fn use_up(&self, proof: &Evidence) -> Step<Result<(), Denial>> {
        // The token's issuer may have been slow: what the store remembers of the first use, it has forgotten then.
        let Some(left) = proof.until.checked_sub(self.clock.unix_time()) else {
            let why = "the proof expired while the token was verified";
            return Step::Done(Err(refuse(Reason::DpopProofExpired, why)));
        };
        // Longer than the proof can be used here: another replica's clock may be behind, and this one may be set back.
        // One second more, since the store may measure in whole ones.
        let keep = left.saturating_add(self.skew).saturating_add(Duration::from_secs(1));
        self.replay.remember(&proof.key, &proof.value, keep).map(first_use)
    }

    /// Whether the place is this API: where the request came to, if that is one of ours.
    fn is_here(&self, place: Place<'_>, request: &RequestView<'_>) -> bool {
        let origin = request.trail().origin();
        let resolved = origin
            .and_then(|origin| Some((origin.secure, origin.authority.as_ref()?)))
            .and_then(|(secure, authority)| Place::of_authority(secure, authority.as_str()));
        let ours = |place| self.origins.iter().any(|origin| origin.is(place));
        match resolved {
            Some(resolved) if self.any_origin || ours(resolved) => resolved.is(place),
            _ => ours(place),
        }
    }

    /// Until when a proof of that date can be used (RFC 9449 §11.1).
    fn check_age(&self, issued: Duration, now: Duration) -> Result<Duration, Denial> {
        let until = issued.saturating_add(self.age);
        if now > until {
            return Err(refuse(Reason::DpopProofExpired, "`iat` lies too far back"));
        }
        if issued > now.saturating_add(self.skew) {
            return Err(refuse(Reason::DpopProofExpired, "`iat` lies in the future"));
        }
        Ok(until)
    }
}

/// Until when the nonce is taken. A client that has an old one, or none, is sent the newest.
fn check_nonce(
    nonces: &Nonces,
    nonce: Option<&str>,
    now: Duration,
    request: &RequestView<'_>,
) -> Result<Duration, Denial> {
    let accepted = nonce.and_then(|nonce| nonces.judge(nonce, now));
    if accepted.is_none_or(|accepted| accepted.outdated) {
        let trail = request.trail();
        trail.response_field(DPOP_NONCE, nonces.value(now), Placement::Replace);
        // RFC 9449 §8.2.
        trail.response_field(CACHE_CONTROL, HeaderValue::from_static("no-store"), Placement::Replace);
    }
    let accepted = accepted.ok_or_else(|| {
        refuse(Reason::DpopNonceRequired, "the proof has no nonce of this server, or an old one")
    })?;
    Ok(accepted.until)
}

/// RFC 9449 §4.2: base64url of the SHA-256 of the token.
fn is_hash_of(text: &str, token: &str) -> bool {
    let mut encoded = [0; 43];
    let hash = digest(&SHA256, token.as_bytes());
    URL_SAFE_NO_PAD
        .encode_slice(hash.as_ref(), &mut encoded)
        .is_ok_and(|length| encoded.get(..length).is_some_and(|encoded| encoded == text.as_bytes()))
}

/// RFC 9449 §11.1: `jti` is unique for the URL. The key stands beside it in the store.
fn identity(claims: &Claims<'_>) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    hash.update(&claims.id.len().to_be_bytes());
    hash.update(claims.id.as_bytes());
    hash.update(claims.url.as_bytes());
    let mut octets = [0; 32];
    octets.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
    octets
}

fn first_use(answer: Result<ReplayOutcome, StoreError>) -> Result<(), Denial> {
    match answer {
        Ok(ReplayOutcome::Fresh) => Ok(()),
        Ok(ReplayOutcome::Replayed) => Err(refuse(Reason::DpopProofReplayed, "the proof was used before")),
        // RFC 9449 §11.1 leaves it open; what cannot be remembered could be used again.
        Ok(_) => Err(refuse(Reason::ReplayStoreUnavailable, "the store of used proofs is full")),
        Err(error) => Err(error.into_denial(Reason::ReplayStoreUnavailable)),
    }
}

impl fmt::Debug for DpopVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopVerifier")
            .field("required", &self.0.required)
            .field("origins", &self.0.origins)
            .field("algorithms", &self.0.algorithms)
            .field("nonces", &self.0.nonces)
            .finish_non_exhaustive()
    }
}
