//! The keys of a test issuer.

mod jwk;
mod rings;
mod rsa;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaEncoding,
};

pub(crate) use self::rings::KeyRings;
use self::rsa::RsaLease;
use crate::must::must;

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the registered names say it all")]
pub enum Algorithm {
    EdDsa,
    Es256,
    Es384,
    Hs256,
    Hs384,
    Hs512,
    Ps256,
    Ps384,
    Ps512,
    Rs256,
    Rs384,
    Rs512,
}

impl Algorithm {
    /// Those with a public key, which a key set publishes.
    pub const ASYMMETRIC: &'static [Self] = &[
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
    ];

    /// Those with a shared secret, which no key set publishes.
    pub const SYMMETRIC: &'static [Self] = &[Self::Hs256, Self::Hs384, Self::Hs512];

    /// The registered name, such as `ES256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    fn rsa_padding(self) -> Option<&'static dyn RsaEncoding> {
        Some(match self {
            Self::Ps256 => &RSA_PSS_SHA256,
            Self::Ps384 => &RSA_PSS_SHA384,
            Self::Ps512 => &RSA_PSS_SHA512,
            Self::Rs256 => &RSA_PKCS1_SHA256,
            Self::Rs384 => &RSA_PKCS1_SHA384,
            Self::Rs512 => &RSA_PKCS1_SHA512,
            _ => return None,
        })
    }
}

/// One generation of an issuer's keys: one for each algorithm. The RSA key is made at its first use and serves
/// every RSA algorithm, each under a `kid` of its own.
pub(crate) struct KeyRing {
    /// What tells the `kid`s of one generation from those of another.
    pub(crate) generation: u32,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    rsa: RsaLease,
    secret: [u8; 64],
}

impl KeyRing {
    pub(crate) fn generate(generation: u32) -> Self {
        let ec = |algorithm| must(EcdsaKeyPair::generate(algorithm), "no EC key");
        let mut secret = [0; 64];
        must(rand::fill(&mut secret), "no random octets");
        Self {
            generation,
            p256: ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            p384: ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            ed25519: must(Ed25519KeyPair::generate(), "no Ed25519 key"),
            rsa: RsaLease::new(),
            secret,
        }
    }

    pub(crate) fn kid(&self, algorithm: Algorithm) -> String {
        format!("{}-{}", algorithm.name().to_ascii_lowercase(), self.generation)
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    pub(crate) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::EdDsa => self.ed25519.sign(message).as_ref().to_vec(),
            Algorithm::Es256 => must(self.p256.sign(&random, message), "ES256").as_ref().to_vec(),
            Algorithm::Es384 => must(self.p384.sign(&random, message), "ES384").as_ref().to_vec(),
            symmetric if Algorithm::SYMMETRIC.contains(&symmetric) => {
                hmac_sign(symmetric, &self.secret, message)
            }
            rsa => {
                let padding = must(rsa.rsa_padding().ok_or(rsa), "not an RSA algorithm");
                let key = self.rsa.key();
                let mut signature = vec![0; key.public_modulus_len()];
                must(key.sign(padding, &random, message, &mut signature), "RSA");
                signature
            }
        }
    }
}

/// Signs with a secret of any length; HS256 unless another HS algorithm is asked for.
pub(crate) fn hmac_sign(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = match algorithm {
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(hash, secret), message).as_ref().to_vec()
}
