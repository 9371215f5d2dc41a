//! Public keys as JWK (RFC 7517) and PEM.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::KeyPair;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Algorithm, KeyRing};
use crate::must::must;

impl KeyRing {
    /// The public keys of all asymmetric algorithms.
    pub(crate) fn jwks(&self) -> Vec<Value> {
        Algorithm::ASYMMETRIC.iter().map(|algorithm| self.jwk(*algorithm)).collect()
    }

    /// The public key of an asymmetric algorithm, bound to it; a secret as `oct` for a symmetric one.
    pub(crate) fn jwk(&self, algorithm: Algorithm) -> Value {
        let mut jwk = match algorithm {
            Algorithm::EdDsa => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(self.ed25519.public_key().as_ref()) })
            }
            Algorithm::Es256 => ec("P-256", self.p256.public_key().as_ref()),
            Algorithm::Es384 => ec("P-384", self.p384.public_key().as_ref()),
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                json!({ "kty": "oct", "k": encode(&self.secret) })
            }
            _ => {
                let (n, e) = must(
                    rsa_public_numbers(self.rsa.key().public_key().as_ref()).ok_or("not DER"),
                    "RSA public key",
                );
                json!({ "kty": "RSA", "n": encode(n), "e": encode(e) })
            }
        };
        if let Value::Object(members) = &mut jwk {
            members.insert("use".into(), "sig".into());
            members.insert("alg".into(), algorithm.name().into());
            members.insert("kid".into(), self.kid(algorithm).into());
        }
        jwk
    }

    /// The public key as DER `SubjectPublicKeyInfo`; empty for a symmetric algorithm, which has none.
    pub(crate) fn public_der(&self, algorithm: Algorithm) -> Vec<u8> {
        fn der<'a>(key: &impl AsDer<PublicKeyX509Der<'a>>) -> Vec<u8> {
            must(key.as_der(), "public key").as_ref().to_vec()
        }
        match algorithm {
            Algorithm::EdDsa => der(self.ed25519.public_key()),
            Algorithm::Es256 => der(self.p256.public_key()),
            Algorithm::Es384 => der(self.p384.public_key()),
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => Vec::new(),
            _ => der(self.rsa.key().public_key()),
        }
    }

    /// The public key as PEM.
    pub(crate) fn public_pem(&self, algorithm: Algorithm) -> String {
        let text = BASE64_STANDARD.encode(self.public_der(algorithm));
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }
}

fn ec(curve: &str, point: &[u8]) -> Value {
    // SEC 1 §2.3.3: an uncompressed point is 0x04, x, y.
    let coordinates = point.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
}

fn encode(octets: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}

/// RFC 8017 §A.1.1: `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`.
fn rsa_public_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = der_value(0x30, der)?;
    let (modulus, rest) = der_value(0x02, sequence)?;
    let (exponent, _) = der_value(0x02, rest)?;
    // DER puts a zero octet before a number whose first bit is set; JWK has none (RFC 7518 §6.3.1.1).
    let number = |octets: &'_ [u8]| octets.iter().take_while(|octet| **octet == 0).count();
    Some((modulus.get(number(modulus)..)?, exponent.get(number(exponent)..)?))
}

fn der_value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*length) {
        short @ 0..=0x7f => (short, rest),
        long => {
            let (length, rest) = rest.split_at_checked(long & 0x7f)?;
            (length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)), rest)
        }
    };
    (*first == tag).then(|| rest.split_at_checked(length))?
}
