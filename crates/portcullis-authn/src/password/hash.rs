//! A stored password hash.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use portcullis_core::{ConfigCode, ConfigError};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::bcrypt::Bcrypt;
use super::phc::{Fields, MAX_LEN};

/// A password hash as it is stored: argon2id or scrypt as a PHC string, or bcrypt in its own format.
///
/// It is read strictly, and only if verifying it cannot exhaust the machine:
///
/// | algorithm | form | caps |
/// | --- | --- | --- |
/// | argon2id | `$argon2id$v=19$m=..,t=..,p=..$salt$hash` | m ≤ 262144 (256 MiB), t ≤ 16, p ≤ 16 |
/// | scrypt | `$scrypt$ln=..,r=..,p=..$salt$hash` | 128·r·2^ln ≤ 256 MiB, r ≤ 32, p ≤ 16 |
/// | bcrypt | `$2a$`, `$2b$`, `$2y$` | 4 ≤ cost ≤ 16; passwords over 72 bytes never match |
///
/// Salts are 8 to 64 octets, hashes 16 to 64. The `Debug` output holds no hash. Clones are free.
///
/// ```
/// use portcullis_authn::{PasswordHashString, insecure_fast_hash};
///
/// let hash = insecure_fast_hash("open sesame").unwrap();
/// assert!(hash.verify_blocking("open sesame") && !hash.verify_blocking("Open Sesame"));
///
/// let exhausting = hash.expose().replace("m=256", "m=4194304");
/// assert!(PasswordHashString::parse(&exhausting).is_err());
/// ```
#[derive(Clone)]
pub struct PasswordHashString(Arc<Inner>);

struct Inner {
    text: Zeroizing<Box<str>>,
    parsed: Parsed,
}

enum Parsed {
    Argon2id { params: Params, salt: Box<[u8]>, hash: Box<[u8]> },
    Bcrypt(Bcrypt),
    Scrypt { params: scrypt::Params, salt: Box<[u8]>, hash: Box<[u8]> },
}

impl PasswordHashString {
    /// Reads a stored hash.
    ///
    /// # Errors
    /// [`InvalidPasswordHash`] if the text is not of a known form, or beyond the caps.
    pub fn parse(text: &str) -> Result<Self, InvalidPasswordHash> {
        if text.len() > MAX_LEN {
            return Err(InvalidPasswordHash("it is too long"));
        }
        let parsed = match text.split('$').nth(1) {
            Some("argon2id") => argon2id(text),
            Some("scrypt") => scrypt_phc(text),
            Some("2a" | "2b" | "2y") => Bcrypt::parse(text).map(Parsed::Bcrypt),
            _ => return Err(InvalidPasswordHash("it is neither argon2id nor scrypt nor bcrypt")),
        };
        let parsed =
            parsed.ok_or(InvalidPasswordHash("it is malformed, or its parameters are out of bounds"))?;
        Ok(Self(Arc::new(Inner { text: Zeroizing::new(text.into()), parsed })))
    }

    /// The text to store. Whoever calls this keeps it out of logs and errors.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0.text
    }

    /// The function and its parameters, as the text has them: whatever tells what a verification costs.
    pub(crate) fn kind(&self) -> &str {
        let text = self.expose();
        // Salt and hash are two parts of the PHC format, and one of bcrypt.
        let parts = if matches!(self.0.parsed, Parsed::Bcrypt(_)) { 2 } else { 3 };
        text.rsplitn(parts, '$').last().unwrap_or(text)
    }

    /// Whether the hash should be replaced at the next login: it is not argon2id, costs less than OWASP asks for
    /// (the equals of m=19456, t=2, p=1), or has a salt under 16 or a hash under 32 octets.
    #[must_use]
    pub fn needs_rehash(&self) -> bool {
        match &self.0.parsed {
            Parsed::Argon2id { params, salt, hash } => {
                // OWASP Password Storage Cheat Sheet: 47104/1, 19456/2, 12288/3, 9216/4 and 7168/5 are equals.
                let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
                params.m_cost() < 7168 || work < 7168 * 5 || salt.len() < 16 || hash.len() < 32
            }
            Parsed::Bcrypt(_) | Parsed::Scrypt { .. } => true,
        }
    }

    /// Whether the password has this hash; compared in constant time.
    ///
    /// **Blocks** for tens of milliseconds and takes up to 256 MiB of memory: on an async thread use
    /// [`Hashing::verify`](crate::Hashing::verify). Passwords that are too long never match.
    #[must_use]
    pub fn verify_blocking(&self, password: &str) -> bool {
        if password.len() > super::MAX_PASSWORD_LEN {
            return false;
        }
        let password = super::normalized(password);
        match &self.0.parsed {
            Parsed::Argon2id { params, salt, hash } => {
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
                same(hash, |out| argon2.hash_password_into(password.as_bytes(), salt, out).is_ok())
            }
            Parsed::Bcrypt(hash) => hash.verify(password.as_bytes()),
            Parsed::Scrypt { params, salt, hash } => {
                same(hash, |out| scrypt::scrypt(password.as_bytes(), salt, params, out).is_ok())
            }
        }
    }
}

fn same(hash: &[u8], compute: impl FnOnce(&mut [u8]) -> bool) -> bool {
    let mut computed = Zeroizing::new(vec![0; hash.len()]);
    compute(&mut computed) && bool::from(computed.ct_eq(hash))
}

fn argon2id(text: &str) -> Option<Parsed> {
    let mut fields = Fields::of(text, "argon2id")?;
    fields.exactly("v=19")?;
    let [m, t, p] = fields.parameters(["m", "t", "p"])?;
    let (salt, hash) = (fields.octets(SALT)?, fields.octets(HASH)?);
    fields.end()?;
    let within = m <= MAX_MEMORY_KIB && t <= 16 && p <= 16;
    let params = Params::new(m, t, p, Some(hash.len())).ok().filter(|_| within)?;
    Some(Parsed::Argon2id { params, salt, hash })
}

fn scrypt_phc(text: &str) -> Option<Parsed> {
    let mut fields = Fields::of(text, "scrypt")?;
    let [ln, r, p] = fields.parameters(["ln", "r", "p"])?;
    let (salt, hash) = (fields.octets(SALT)?, fields.octets(HASH)?);
    fields.end()?;
    // 128·r·2^ln octets, in KiB; the caps on ln and r come first, so that nothing overflows.
    let within = (1..=21).contains(&ln) && (1..=32).contains(&r) && (1..=16).contains(&p);
    let within = within && u64::from(r) << ln <= u64::from(MAX_MEMORY_KIB) * 8;
    let params = scrypt::Params::new(u8::try_from(ln).ok().filter(|_| within)?, r, p).ok()?;
    Some(Parsed::Scrypt { params, salt, hash })
}

impl fmt::Debug for PasswordHashString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0.parsed {
            Parsed::Argon2id { .. } => "PasswordHashString(argon2id, ..)",
            Parsed::Bcrypt(_) => "PasswordHashString(bcrypt, ..)",
            Parsed::Scrypt { .. } => "PasswordHashString(scrypt, ..)",
        })
    }
}

/// A password hash cannot be used. The message does not hold the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPasswordHash(&'static str);

impl fmt::Display for InvalidPasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "password hash cannot be used: {}", self.0)
    }
}

impl Error for InvalidPasswordHash {}

impl From<InvalidPasswordHash> for ConfigError {
    fn from(error: InvalidPasswordHash) -> Self {
        Self::new(ConfigCode::InvalidPasswordHash, error.to_string())
    }
}

const SALT: std::ops::RangeInclusive<usize> = 8..=64;
const HASH: std::ops::RangeInclusive<usize> = 16..=64;
const MAX_MEMORY_KIB: u32 = 256 * 1024;
