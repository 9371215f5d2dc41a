//! The signature, over the octets as they were received (RFC 7515 §5.2).

use portcullis_core::{Denial, Reason};

use super::compact::Compact;
use super::header::Header;
use crate::base64url;
use crate::keys::VerifyingKey;
use crate::token::refusal::{malformed, refuse};

/// The most keys that one token is tried against, for tokens and keys without a `kid`.
const MAX_TRIED_KEYS: usize = 8;

/// The longest signature: RSA with 8192 bits.
const MAX_SIGNATURE_OCTETS: usize = 1024;

/// All others but those of RSA are no longer: a smaller buffer is sooner filled with zeros.
const SHORT_SIGNATURE_OCTETS: usize = 132;

/// The key that verifies it.
pub(super) fn verify_signature<'k>(
    compact: &Compact<'_>,
    header: &Header<'_>,
    keys: &'k [VerifyingKey],
) -> Result<&'k VerifyingKey, Denial> {
    if keys.is_empty() {
        return Err(refuse(Reason::TokenKeyUnknown, "no key of the issuer has the token's `kid`"));
    }
    let mut candidates = keys.iter().filter(|key| key.serves(header.algorithm));
    let Some(first) = candidates.next() else {
        return Err(refuse(Reason::TokenAlgorithmRefused, "the algorithm does not fit the key"));
    };
    let (mut short, mut long);
    let buffer: &mut [u8] = if compact.signature.len() <= SHORT_SIGNATURE_OCTETS / 3 * 4 {
        short = [0; SHORT_SIGNATURE_OCTETS];
        &mut short
    } else {
        long = [0; MAX_SIGNATURE_OCTETS];
        &mut long
    };
    let signature = base64url::decode_into(compact.signature.as_bytes(), buffer)
        .ok_or_else(|| malformed("the signature is not base64url, or too long"))?;
    for (tried, key) in std::iter::once(first).chain(candidates).enumerate() {
        if tried == MAX_TRIED_KEYS {
            return Err(refuse(
                Reason::TokenKeyUnknown,
                "too many keys fit a token without a `kid` of its own",
            ));
        }
        if key.verify(header.algorithm, compact.signed.as_bytes(), signature).is_ok() {
            return Ok(key);
        }
    }
    Err(refuse(Reason::TokenSignatureInvalid, "the signature does not verify"))
}

/// Whether a newer key might verify it: the issuer may have put another key under the same name.
pub(super) fn may_be_newer(refused: &Denial) -> bool {
    matches!(refused.reason(), Reason::TokenSignatureInvalid | Reason::TokenAlgorithmRefused)
}
