//! Password hashes: read strictly, verified within caps, made with argon2id, off the async threads.

mod bcrypt;
mod hash;
mod hashing;
mod new;
mod phc;

#[cfg(test)]
mod tests;

pub use self::hash::{InvalidPasswordHash, PasswordHashString};
pub use self::hashing::{DEFAULT_WAITING_PER_CORE, Hashing, HashingError};
pub use self::new::{MAX_PASSWORD_LEN, hash_password, insecure_fast_hash};

pub(crate) use self::new::normalized;
