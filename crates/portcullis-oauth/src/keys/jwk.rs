//! One JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2), read strictly.

use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents,
};
use thiserror::Error;

use super::ed25519;
use super::key::{Material, VerifyingKey};
use super::thumbprint::Thumbprint;
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::json::{Json, Members};

/// The smallest RSA modulus, in bits (RFC 7518 §3.3).
const MIN_RSA_BITS: usize = 2048;

/// The largest RSA modulus, in bits: what the verification takes.
const MAX_RSA_BITS: usize = 8192;

/// What holds the private half of a key, or a secret (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnusableKey {
    /// `alg` names an algorithm that is unknown here or does not fit the key.
    #[error("`alg` is unknown or does not fit the key")]
    Algorithm,
    /// A member that the key type requires is missing, or a member is malformed.
    #[error("a member is missing or malformed")]
    Malformed,
    /// The point is not on the curve.
    #[error("the point is not on the curve")]
    NotOnCurve,
    /// `use` is not `sig`, or `key_ops` does not name `verify`.
    #[error("`use` or `key_ops` does not allow to verify")]
    NotForVerifying,
    /// The private half of the key stands in a published set: anyone can sign with it.
    #[error("the private half of the key is published")]
    PrivateKeyPublished,
    /// A shared secret in a published set.
    #[error("symmetric keys are never taken from a key set")]
    Symmetric,
    /// The key type or curve is unknown here.
    #[error("the key type or curve is not supported")]
    Unsupported,
    /// The RSA modulus is below 2048 or above 8192 bits, or the exponent is even, below 3 or beyond 32 bits; or the
    /// Ed25519 point has a small order.
    #[error("the rsa modulus or exponent is out of range, or the ed25519 point has a small order")]
    Weak,
}

/// The name of the key, for a message.
pub(super) fn kid_of(entry: &Json<'_>) -> Option<Box<str>> {
    entry.as_object()?.get("kid")?.as_text().map(Into::into)
}

/// Reads a public key.
pub(super) fn read(entry: &Json<'_>) -> Result<VerifyingKey, UnusableKey> {
    read_bound(entry, None)
}

/// Reads a public key that is to verify by this one algorithm.
pub(crate) fn read_for(entry: &Json<'_>, algorithm: Algorithm) -> Result<VerifyingKey, UnusableKey> {
    read_bound(entry, Some(algorithm))
}

fn read_bound(entry: &Json<'_>, wanted: Option<Algorithm>) -> Result<VerifyingKey, UnusableKey> {
    let jwk = entry.as_object().ok_or(UnusableKey::Malformed)?;
    let kty = text(jwk, "kty")?.ok_or(UnusableKey::Malformed)?;
    if kty == "oct" {
        return Err(UnusableKey::Symmetric);
    }
    check_purpose(jwk)?;
    if PRIVATE_MEMBERS.iter().any(|name| jwk.has(name)) {
        return Err(UnusableKey::PrivateKeyPublished);
    }
    let bound = match text(jwk, "alg")? {
        None => None,
        Some(name) => Some(Algorithm::from_name(name).ok_or(UnusableKey::Algorithm)?),
    };
    let bound = match (bound, wanted) {
        (Some(bound), Some(wanted)) if bound != wanted => return Err(UnusableKey::Algorithm),
        (Some(algorithm), _) | (None, Some(algorithm)) => Some(algorithm),
        (None, None) => None,
    };
    let kid = text(jwk, "kid")?.map(Into::into);
    match kty {
        "EC" => elliptic_curve(jwk, kid, bound),
        "OKP" => octet_key_pair(jwk, kid, bound),
        "RSA" => rsa(jwk, kid, bound),
        _ => Err(UnusableKey::Unsupported),
    }
}

/// RFC 7517 §4.2-4.3, and the shape of `x5c` (§4.7), which is otherwise not looked at.
fn check_purpose(jwk: Members<'_, '_>) -> Result<(), UnusableKey> {
    if text(jwk, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(UnusableKey::NotForVerifying);
    }
    if let Some(operations) = texts(jwk, "key_ops")?
        && !operations.contains(&"verify")
    {
        return Err(UnusableKey::NotForVerifying);
    }
    texts(jwk, "x5c").map(drop)
}

fn rsa(
    jwk: Members<'_, '_>,
    kid: Option<Box<str>>,
    bound: Option<Algorithm>,
) -> Result<VerifyingKey, UnusableKey> {
    let (n, modulus) = octets(jwk, "n")?;
    let (e, exponent) = octets(jwk, "e")?;
    check_rsa(&modulus, &exponent)?;
    let components = RsaPublicKeyComponents { n: &modulus, e: &exponent };
    let parsed = |parameters: &'static RsaParameters| {
        components.to_parsed_public_key(parameters).map_err(|_| UnusableKey::Malformed)
    };
    let mut forms = Vec::new();
    for (algorithm, parameters) in RSA_ALGORITHMS {
        if bound.is_none_or(|bound| bound == *algorithm) {
            forms.push((*algorithm, parsed(parameters)?));
        }
    }
    if forms.is_empty() {
        return Err(UnusableKey::Algorithm);
    }
    let thumbprint = Thumbprint::of(&[("e", e), ("kty", "RSA"), ("n", n)]);
    Ok(VerifyingKey::new(kid, thumbprint, Material::Public(forms)))
}

const RSA_ALGORITHMS: &[(Algorithm, &RsaParameters)] = &[
    (Algorithm::RS256, &signature::RSA_PKCS1_2048_8192_SHA256),
    (Algorithm::RS384, &signature::RSA_PKCS1_2048_8192_SHA384),
    (Algorithm::RS512, &signature::RSA_PKCS1_2048_8192_SHA512),
    (Algorithm::PS256, &signature::RSA_PSS_2048_8192_SHA256),
    (Algorithm::PS384, &signature::RSA_PSS_2048_8192_SHA384),
    (Algorithm::PS512, &signature::RSA_PSS_2048_8192_SHA512),
];

/// RFC 7518 §3.3, §6.3.1: big-endian without leading zeros, at least 2048 bits, an odd modulus, an odd exponent
/// of 3 or more that fits 32 bits.
fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), UnusableKey> {
    let (Some(&first), Some(&last)) = (modulus.first(), modulus.last()) else {
        return Err(UnusableKey::Malformed);
    };
    if first == 0 || exponent.first().is_none_or(|first| *first == 0) {
        return Err(UnusableKey::Malformed);
    }
    let bits = modulus.len() * 8 - first.leading_zeros() as usize;
    let small = exponent.len() <= 4;
    let value = exponent.iter().take(4).fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
    let sane = (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits)
        && last % 2 == 1
        && small
        && value % 2 == 1
        && value >= 3;
    if sane { Ok(()) } else { Err(UnusableKey::Weak) }
}

fn elliptic_curve(
    jwk: Members<'_, '_>,
    kid: Option<Box<str>>,
    bound: Option<Algorithm>,
) -> Result<VerifyingKey, UnusableKey> {
    let curve = text(jwk, "crv")?.ok_or(UnusableKey::Malformed)?;
    let (algorithm, parameters, size): (_, &'static EcdsaVerificationAlgorithm, _) = match curve {
        "P-256" => (Algorithm::ES256, &signature::ECDSA_P256_SHA256_FIXED, 32),
        "P-384" => (Algorithm::ES384, &signature::ECDSA_P384_SHA384_FIXED, 48),
        _ => return Err(UnusableKey::Unsupported),
    };
    let (x, x_octets) = octets(jwk, "x")?;
    let (y, y_octets) = octets(jwk, "y")?;
    // RFC 7518 §6.2.1.2: the full size of a coordinate.
    if x_octets.len() != size || y_octets.len() != size {
        return Err(UnusableKey::Malformed);
    }
    let point = [&[0x04][..], &x_octets, &y_octets].concat();
    let thumbprint = Thumbprint::of(&[("crv", curve), ("kty", "EC"), ("x", x), ("y", y)]);
    // RFC 8725 §3.4: parsing checks that the point is on the curve.
    let form = ParsedPublicKey::new(parameters, point).map_err(|_| UnusableKey::NotOnCurve)?;
    single(kid, thumbprint, bound, algorithm, form)
}

fn octet_key_pair(
    jwk: Members<'_, '_>,
    kid: Option<Box<str>>,
    bound: Option<Algorithm>,
) -> Result<VerifyingKey, UnusableKey> {
    let curve = text(jwk, "crv")?.ok_or(UnusableKey::Malformed)?;
    if curve != "Ed25519" {
        return Err(UnusableKey::Unsupported);
    }
    let (x, octets) = octets(jwk, "x")?;
    if octets.len() != signature::ED25519_PUBLIC_KEY_LEN {
        return Err(UnusableKey::Malformed);
    }
    if ed25519::is_of_small_order(&octets) {
        return Err(UnusableKey::Weak);
    }
    let thumbprint = Thumbprint::of(&[("crv", curve), ("kty", "OKP"), ("x", x)]);
    let form = ParsedPublicKey::new(&signature::ED25519, octets).map_err(|_| UnusableKey::Malformed)?;
    single(kid, thumbprint, bound, Algorithm::EdDSA, form)
}

/// A key whose type leaves one algorithm.
fn single(
    kid: Option<Box<str>>,
    thumbprint: Thumbprint,
    bound: Option<Algorithm>,
    algorithm: Algorithm,
    form: ParsedPublicKey,
) -> Result<VerifyingKey, UnusableKey> {
    if bound.is_some_and(|bound| bound != algorithm) {
        return Err(UnusableKey::Algorithm);
    }
    Ok(VerifyingKey::new(kid, thumbprint, Material::Public(vec![(algorithm, form)])))
}

/// A member that is text, if it is there.
fn text<'o>(jwk: Members<'o, '_>, name: &str) -> Result<Option<&'o str>, UnusableKey> {
    jwk.get(name).map(|value| value.as_text().ok_or(UnusableKey::Malformed)).transpose()
}

/// A member that is a list of texts, if it is there.
fn texts<'o>(jwk: Members<'o, '_>, name: &str) -> Result<Option<Vec<&'o str>>, UnusableKey> {
    let Some(value) = jwk.get(name) else { return Ok(None) };
    let list = value.as_list().and_then(|list| list.iter().map(Json::as_text).collect());
    list.map(Some).ok_or(UnusableKey::Malformed)
}

/// A required member in base64url: its text and its octets.
fn octets<'o>(jwk: Members<'o, '_>, name: &str) -> Result<(&'o str, Vec<u8>), UnusableKey> {
    let text = text(jwk, name)?.ok_or(UnusableKey::Malformed)?;
    let octets = base64url::decode(text.as_bytes()).ok_or(UnusableKey::Malformed)?;
    Ok((text, octets))
}
