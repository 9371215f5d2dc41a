//! The proof itself: its form, its header, its claims. What they must agree with is the verifier's business.

use std::time::Duration;

use portcullis_core::{Denial, Reason};

use super::settings::{MAX_PROOF_ID_OCTETS, MAX_PROOF_OCTETS};
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::json::{self, Json, Members, Object};
use crate::jwt::{Compact, is_media_type};
use crate::keys::{VerifyingKey, read_for};
use crate::token::numeric_date;
use crate::token::refusal::refuse;

/// Headers up to this size need no allocation: all but those with an RSA key.
const HEADER_ON_STACK: usize = 512;

/// Claims up to this size need no allocation.
const CLAIMS_ON_STACK: usize = 1024;

/// The longest signature: RSA with 8192 bits.
const MAX_SIGNATURE_OCTETS: usize = 1024;

/// The claims of a proof (RFC 9449 §4.2).
#[derive(Debug)]
pub(super) struct Claims<'c> {
    pub(super) id: &'c str,
    pub(super) method: &'c str,
    pub(super) url: &'c str,
    pub(super) issued: Duration,
    /// Of the token that it is shown with; a proof for getting a token has none.
    pub(super) token_hash: Option<&'c str>,
    pub(super) nonce: Option<&'c str>,
}

/// Reads a proof, lets the claims be judged, and verifies the signature after that: a proof for another request
/// costs no arithmetic.
pub(super) fn read<T>(
    text: &str,
    allows: impl Fn(Algorithm) -> bool,
    judge: impl FnOnce(&Claims<'_>) -> Result<T, Denial>,
) -> Result<(VerifyingKey, T), Denial> {
    let compact = Compact::read(text, MAX_PROOF_OCTETS)
        .map_err(|_| malformed("the proof is not one jwt, or too long"))?;
    let mut buffer = [0; CLAIMS_ON_STACK];
    let mut spill = Vec::new();
    let claims = object(compact.payload, &mut buffer, &mut spill)?;
    let judged = judge(&Claims::read(claims.members())?)?;

    let mut buffer = [0; HEADER_ON_STACK];
    let mut spill = Vec::new();
    let header = object(compact.header, &mut buffer, &mut spill)?;
    let (algorithm, jwk) = read_header(header.members(), allows)?;
    let key = read_for(jwk, algorithm).map_err(|error| {
        Denial::new(Reason::DpopProofKeyRefused).explained(format!("in the proof, {error}"))
    })?;
    let mut buffer = [0; MAX_SIGNATURE_OCTETS];
    let signature = base64url::decode_into(compact.signature.as_bytes(), &mut buffer)
        .ok_or_else(|| malformed("the signature is not base64url, or too long"))?;
    key.verify(algorithm, compact.signed.as_bytes(), signature)
        .map_err(|_| refuse(Reason::DpopProofSignatureInvalid, "the signature does not verify"))?;
    Ok((key, judged))
}

fn read_header<'h, 'a>(
    header: Members<'h, 'a>,
    allows: impl Fn(Algorithm) -> bool,
) -> Result<(Algorithm, &'h Json<'a>), Denial> {
    // RFC 7515 §4.1.11, RFC 7797 §7.
    if header.has("crit") || header.has("b64") {
        return Err(malformed("the header names a critical extension"));
    }
    let text = |name| header.get(name).and_then(Json::as_text);
    if !text("typ").is_some_and(|typ| is_media_type(typ, "dpop+jwt")) {
        return Err(malformed("`typ` is not that of a proof"));
    }
    let name = text("alg").ok_or_else(|| malformed("the header names no algorithm"))?;
    let algorithm = Algorithm::from_name(name).filter(|algorithm| allows(*algorithm));
    let algorithm = algorithm.ok_or_else(|| {
        refuse(Reason::DpopProofAlgorithmRefused, "the algorithm is unknown or not allowed")
    })?;
    match header.get("jwk") {
        Some(jwk) => Ok((algorithm, jwk)),
        None => Err(malformed("the header has no `jwk`")),
    }
}

impl<'c> Claims<'c> {
    fn read(claims: Members<'c, '_>) -> Result<Self, Denial> {
        let text = |name, why| claims.get(name).and_then(Json::as_text).ok_or_else(|| malformed(why));
        let id = text("jti", "`jti` is missing or no text")?;
        // RFC 9449 §11.1: a store of identifiers must not be filled with a few huge ones.
        if id.is_empty() || id.len() > MAX_PROOF_ID_OCTETS {
            return Err(malformed("`jti` is empty or too long"));
        }
        let optional = |name, why| {
            let value = claims.get(name);
            value.map(|value| value.as_text().ok_or_else(|| malformed(why))).transpose()
        };
        Ok(Self {
            id,
            method: text("htm", "`htm` is missing or no text")?,
            url: text("htu", "`htu` is missing or no text")?,
            issued: claims
                .get("iat")
                .and_then(numeric_date::read)
                .ok_or_else(|| malformed("`iat` is missing or no date"))?,
            token_hash: optional("ath", "`ath` is no text")?,
            nonce: optional("nonce", "`nonce` is no text")?,
        })
    }
}

pub(super) fn malformed(why: &'static str) -> Denial {
    refuse(Reason::DpopProofMalformed, why)
}

fn object<'b>(text: &str, buffer: &'b mut [u8], spill: &'b mut Vec<u8>) -> Result<Object<'b>, Denial> {
    // Four characters hold three octets.
    let octets = if text.len() / 4 * 3 + 3 <= buffer.len() {
        base64url::decode_into(text.as_bytes(), buffer)
    } else {
        base64url::decode(text.as_bytes()).map(|decoded| {
            *spill = decoded;
            spill.as_slice()
        })
    };
    let object = octets.and_then(json::object);
    object.ok_or_else(|| malformed("a part is not one JSON object without duplicate members"))
}
