//! One key, parsed once, bound to the algorithms that it may verify.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::ParsedPublicKey;
use thiserror::Error;

use super::thumbprint::Thumbprint;
use crate::algorithm::Algorithm;

/// A key that verifies signatures, and nothing else; clones are free.
///
/// It is parsed when it is made, so that a verification pays for the arithmetic alone. It serves only the
/// algorithms of its type and, if it names one itself (`alg`), only that one.
#[derive(Clone)]
pub struct VerifyingKey(Arc<Inner>);

struct Inner {
    kid: Option<Box<str>>,
    thumbprint: Thumbprint,
    material: Material,
}

pub(super) enum Material {
    /// One parsed form per algorithm that the key serves.
    Public(Vec<(Algorithm, ParsedPublicKey)>),
    /// A shared secret serves exactly one algorithm.
    Shared(Algorithm, Box<hmac::Key>),
}

impl VerifyingKey {
    pub(super) fn new(kid: Option<Box<str>>, thumbprint: Thumbprint, material: Material) -> Self {
        Self(Arc::new(Inner { kid, thumbprint, material }))
    }

    /// The name by which tokens refer to it.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// The SHA-256 thumbprint of RFC 7638, by which keys are compared.
    #[must_use]
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.0.thumbprint
    }

    /// The algorithms that it serves.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let (public, shared): (&[_], _) = match &self.0.material {
            Material::Public(forms) => (forms, None),
            Material::Shared(algorithm, _) => (&[], Some(*algorithm)),
        };
        public.iter().map(|(algorithm, _)| *algorithm).chain(shared)
    }

    /// Whether it serves the algorithm (RFC 8725 §3.1).
    #[must_use]
    pub fn serves(&self, algorithm: Algorithm) -> bool {
        self.algorithms().any(|served| served == algorithm)
    }

    /// Verifies a signature over the message.
    ///
    /// # Errors
    /// [`InvalidSignature`] if the key does not serve the algorithm or the signature does not verify.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match &self.0.material {
            Material::Public(forms) => {
                let form = forms.iter().find(|(served, _)| *served == algorithm);
                let (_, key) = form.ok_or(InvalidSignature)?;
                // RFC 7518 §3.4: the fixed form of R and S only; its length and 1 <= r, s < n are checked by the
                // arithmetic below it.
                key.verify_sig(message, signature).map_err(|_| InvalidSignature)
            }
            Material::Shared(served, key) if *served == algorithm => {
                hmac::verify(key, message, signature).map_err(|_| InvalidSignature)
            }
            Material::Shared(..) => Err(InvalidSignature),
        }
    }

    /// Whether it is the same key under the same name for the same algorithms.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.kid() == other.kid()
                && self.thumbprint() == other.thumbprint()
                && self.algorithms().eq(other.algorithms())
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("VerifyingKey");
        fields.field("kid", &self.0.kid);
        if matches!(self.0.material, Material::Public(_)) {
            fields.field("thumbprint", &self.0.thumbprint);
        }
        fields.field("algorithms", &self.algorithms().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// The signature does not verify with the key and the algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("signature does not verify")]
#[non_exhaustive]
pub struct InvalidSignature;
