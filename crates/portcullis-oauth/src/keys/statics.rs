//! Keys that are configured and never change.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::hmac;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Secret};

use super::key::{Material, VerifyingKey};
use super::set::{KeySet, MAX_KEY_SET_OCTETS};
use super::source::{IntoKeySource, KeySource, KeySourceContext};
use super::thumbprint::Thumbprint;
use crate::algorithm::Algorithm;
use crate::json;

/// How many different octets a shared secret has at least: less is a typed password or a placeholder.
const MIN_DIFFERENT_OCTETS: usize = 8;

/// Keys from key set documents, PEM files and shared secrets, read when they are named here; what is wrong with
/// them is reported with everything else when the scheme is built.
///
/// ```
/// use portcullis_oauth::{Algorithm, Issuer, JwtBearer, StaticKeys};
/// use portcullis_core::{Clock, Secret};
///
/// let issuer = |keys| Issuer::new("https://login.example.com").audience("https://api.example.com").keys(keys);
///
/// let secret = Secret::new(*b"\x8d\x01\xf3\x5b\x7e\x22\xc4\x90\x1f\xaa\x6d\x37\xe8\x54\x0b\x99\xd2\x4c\x61\xfe\x13\x85\x2a\xb7\x70\xe6\x3f\x9d\x48\xcb\x16\x5a");
/// assert!(JwtBearer::issuer(issuer(StaticKeys::new().secret(Algorithm::HS256, secret))).build(&Clock::system()).is_ok());
///
/// let short = StaticKeys::new().secret(Algorithm::HS256, Secret::from("hunter2"));
/// let refused = JwtBearer::issuer(issuer(short)).build(&Clock::system()).unwrap_err();
/// assert_eq!(refused.codes().collect::<Vec<_>>(), ["P606"]);
/// ```
#[derive(Default)]
#[must_use]
pub struct StaticKeys {
    keys: Vec<VerifyingKey>,
    skipped: Vec<String>,
    errors: ConfigErrors,
}

impl StaticKeys {
    /// No key yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the keys of a JWK set (RFC 7517 §5). A key that cannot be used is skipped, as long as another key
    /// remains.
    pub fn jwks(mut self, document: impl AsRef<[u8]>) -> Self {
        match KeySet::from_jwks_json(document.as_ref()) {
            Ok((set, skipped)) => {
                self.keys.extend(set.keys().iter().cloned());
                self.skipped.extend(skipped.iter().map(ToString::to_string));
            }
            Err(error) => self.unusable(format!("key set cannot be read: {error}")),
        }
        self
    }

    /// Adds the keys of a JWK set in a file, which is read now.
    pub fn jwks_file(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        match read_bounded(path) {
            Ok(document) => self.jwks(document),
            Err(error) => {
                self.unusable(format!("key set file `{}` cannot be read: {error}", path.display()));
                self
            }
        }
    }

    /// Adds a public key in PEM, bound to one algorithm (RFC 7468 §13, `PUBLIC KEY`, or `RSA PUBLIC KEY`).
    #[cfg(feature = "pem")]
    pub fn pem(self, algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Self {
        self.named_pem(None, algorithm, pem.as_ref())
    }

    /// The same, for tokens with this `kid` alone.
    #[cfg(feature = "pem")]
    pub fn pem_with_kid(self, kid: &str, algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Self {
        self.named_pem(Some(kid), algorithm, pem.as_ref())
    }

    #[cfg(feature = "pem")]
    fn named_pem(mut self, kid: Option<&str>, algorithm: Algorithm, pem: &[u8]) -> Self {
        match super::pem::read(kid, algorithm, pem) {
            Ok(key) => self.keys.push(key),
            Err(reason) => self.unusable(format!("pem key for {algorithm} cannot be used: {reason}")),
        }
        self
    }

    /// Adds a secret that is shared with the issuer, for one HMAC algorithm. Whoever can verify with it can also
    /// sign with it.
    ///
    /// It must be as long as the hash (RFC 7518 §3.2) and come from a random generator, not from a person
    /// (RFC 8725 §3.5). What looks like a public key is refused: everyone could sign with it (§2.1).
    #[expect(clippy::needless_pass_by_value, reason = "the secret is moved in, so that it is wiped here")]
    pub fn secret(mut self, algorithm: Algorithm, secret: Secret) -> Self {
        match shared(None, algorithm, &secret) {
            Ok(key) => self.keys.push(key),
            Err(reason) => self.unusable(format!("secret for {algorithm} cannot be used: {reason}")),
        }
        self
    }

    /// The same, for tokens with this `kid` alone.
    #[expect(clippy::needless_pass_by_value, reason = "the secret is moved in, so that it is wiped here")]
    pub fn secret_with_kid(mut self, kid: &str, algorithm: Algorithm, secret: Secret) -> Self {
        match shared(Some(kid), algorithm, &secret) {
            Ok(key) => self.keys.push(key),
            Err(reason) => self.unusable(format!("secret for {algorithm} cannot be used: {reason}")),
        }
        self
    }

    fn unusable(&mut self, message: String) {
        self.errors.push(ConfigError::new(ConfigCode::UnusableKey, message));
    }
}

impl IntoKeySource for StaticKeys {
    fn into_key_source(self, context: &KeySourceContext) -> Result<Arc<dyn KeySource>, ConfigErrors> {
        let mut errors = self.errors;
        if self.keys.is_empty() && errors.is_empty() {
            let mut message =
                format!("issuer `{}` has no key that can verify", context.issuer().escape_debug());
            self.skipped.iter().for_each(|skipped| message.push_str(&format!("; {skipped}")));
            errors.push(ConfigError::new(ConfigCode::NoUsableKey, message));
        }
        errors.into_result(Arc::new(KeySet::of(self.keys)))
    }
}

impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticKeys").field("keys", &self.keys).finish_non_exhaustive()
    }
}

fn shared(kid: Option<&str>, algorithm: Algorithm, secret: &Secret) -> Result<VerifyingKey, &'static str> {
    let (parameters, octets) = match algorithm {
        Algorithm::HS256 => (hmac::HMAC_SHA256, 32),
        Algorithm::HS384 => (hmac::HMAC_SHA384, 48),
        Algorithm::HS512 => (hmac::HMAC_SHA512, 64),
        _ => return Err("it is no hmac algorithm"),
    };
    let secret = secret.expose();
    if secret.len() < octets {
        return Err("it is shorter than the hash");
    }
    if is_public_key(secret) {
        return Err("it is a public key: everyone could sign with it");
    }
    let mut seen = [false; 256];
    for octet in secret {
        if let Some(seen) = seen.get_mut(usize::from(*octet)) {
            *seen = true;
        }
    }
    if seen.iter().filter(|seen| **seen).count() < MIN_DIFFERENT_OCTETS {
        return Err("it is not random");
    }
    let material = Material::Shared(algorithm, Box::new(hmac::Key::new(parameters, secret)));
    Ok(VerifyingKey::new(kid.map(Into::into), Thumbprint::of_secret(secret), material))
}

/// Whether it looks like a key in PEM, as a JWK or JWK set, or in DER (RFC 5280 §4.1.2.7).
fn is_public_key(secret: &[u8]) -> bool {
    let der = match secret {
        [0x30, 0x81, _, rest @ ..] | [0x30, 0x82, _, _, rest @ ..] | [0x30, _, rest @ ..] => rest,
        _ => &[],
    };
    let der = matches!(der, [0x30, 5..=32, 0x06, ..]);
    der || secret.trim_ascii_start().starts_with(b"-----BEGIN ") || json::object(secret).is_some()
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, std::io::Error> {
    use std::io::Read as _;

    let mut document = Vec::new();
    // One octet more than is taken, so that a longer file is seen as such.
    std::fs::File::open(path)?.take(MAX_KEY_SET_OCTETS as u64 + 1).read_to_end(&mut document)?;
    Ok(document)
}
