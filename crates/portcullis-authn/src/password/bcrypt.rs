//! bcrypt in its own format, for hashes that were made elsewhere.

use zeroize::Zeroizing;

/// A bcrypt string that was found well-formed and within the cap on its cost.
pub(super) struct Bcrypt(Zeroizing<Box<str>>);

/// bcrypt looks at no more than so many bytes of a password.
const MAX_BYTES: usize = 72;

impl Bcrypt {
    /// `$2b$<cost>$<22 characters of salt><31 characters of hash>`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (cost, rest) = text.get(4..)?.split_once('$')?;
        let number: u32 = cost.parse().ok()?;
        let well_formed = cost.len() == 2
            && cost.bytes().all(|byte| byte.is_ascii_digit())
            && (4..=16).contains(&number)
            && rest.len() == 53
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'));
        well_formed.then(|| Self(Zeroizing::new(text.into())))
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        // A longer password is hashed all the same, cut, so that the refusal takes as long as any other.
        let same = bcrypt::verify(password, &self.0).unwrap_or(false);
        same && password.len() <= MAX_BYTES
    }
}
