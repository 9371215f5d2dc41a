//! New password hashes.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::hash::PasswordHashString;
use super::hashing::HashingError;
use crate::random::{RandomnessUnavailable, random};

/// The longest password that is hashed or verified, in bytes of UTF-8.
pub const MAX_PASSWORD_LEN: usize = 1024;

/// Hashes a password with argon2id, m=19456 KiB, t=2, p=1 and 16 random octets of salt, as OWASP asks for.
///
/// Other than ASCII is put into normalization form C first, as [`verify_blocking`] does, so that a password
/// does not depend on the keyboard it is typed on (RFC 7617 §2.1, RFC 8265 §4.2).
///
/// **Blocks** for tens of milliseconds: on an async thread use [`Hashing::hash`](crate::Hashing::hash).
///
/// # Errors
/// [`HashingError::PasswordTooLong`] over [`MAX_PASSWORD_LEN`], [`HashingError::RandomnessUnavailable`].
///
/// ```
/// # fn main() -> Result<(), portcullis_authn::HashingError> {
/// let hash = portcullis_authn::hash_password("open sesame")?;
/// assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
/// assert!(!hash.needs_rehash());
/// # Ok(())
/// # }
/// ```
///
/// [`verify_blocking`]: PasswordHashString::verify_blocking
pub fn hash_password(password: &str) -> Result<PasswordHashString, HashingError> {
    hash_with(password, 19 * 1024, 2)
}

/// Hashes a password so that it takes no time: for tests, whose passwords are not secret.
///
/// # What must protect it instead
/// Nothing can: whoever reads such a hash finds the password by trying. It counts as in need of a rehash, so a
/// store that keeps new hashes loses it at the first login.
///
/// # Errors
/// As [`hash_password`].
pub fn insecure_fast_hash(password: &str) -> Result<PasswordHashString, HashingError> {
    hash_with(password, 256, 1)
}

fn hash_with(password: &str, m: u32, t: u32) -> Result<PasswordHashString, HashingError> {
    if password.len() > MAX_PASSWORD_LEN {
        return Err(HashingError::PasswordTooLong);
    }
    let salt = random::<16>().map_err(|RandomnessUnavailable| HashingError::RandomnessUnavailable)?;
    let mut hash = Zeroizing::new([0; 32]);
    let params = Params::new(m, t, 1, Some(hash.len())).map_err(|_| HashingError::Failed)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(normalized(password).as_bytes(), &salt, hash.as_mut())
        .map_err(|_| HashingError::Failed)?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), Zeroizing::new(STANDARD_NO_PAD.encode(hash.as_ref())));
    let text = Zeroizing::new(format!("$argon2id$v=19$m={m},t={t},p=1${salt}${}", *hash));
    PasswordHashString::parse(&text).map_err(|_| HashingError::Failed)
}

/// Normalization form C (RFC 8265 §4.2.2), overwritten when dropped.
pub(crate) fn normalized(text: &str) -> Zeroizing<String> {
    if text.is_ascii() { Zeroizing::new(text.to_owned()) } else { Zeroizing::new(text.nfc().collect()) }
}
