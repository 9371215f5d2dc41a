//! How a token is known again.

use std::fmt;
use std::hash::Hasher as _;

use aws_lc_rs::rand;
use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;
use portcullis_core::Secret;
use siphasher::sip128::SipHasher24;

use super::settings::Form;

/// Seeds that nobody outside this process knows, other ones for each cache.
pub(super) enum Recognition {
    Hashed([u8; 16]),
    Whole(u64, Box<SharedSeed>),
}

/// A token as it is looked for.
pub(super) struct Sight<'t> {
    /// Where it would lie: whoever does not know the seeds cannot find two tokens that lie in one place.
    pub(super) place: u64,
    pub(super) shown: Shown<'t>,
}

/// What is compared and kept of a token.
pub(super) enum Shown<'t> {
    Hash([u8; 16]),
    Token(&'t [u8]),
}

/// So many octets at the end of a token say where it lies: with HMAC, ECDSA over P-256 and `EdDSA` the whole signature
/// is among them. Whoever does not have it comes near no token that is kept, and can neither displace one by another
/// of a key of their own nor find one octet by octet.
const TELLING: usize = 96;

impl Recognition {
    /// `None` if the system has no randomness.
    pub(super) fn new(form: Form) -> Option<Self> {
        let mut random = [0; 16];
        rand::fill(&mut random).ok()?;
        if form == Form::Hashed {
            return Some(Self::Hashed(random));
        }
        let (seed, shared) = (u128::from_le_bytes(random) as u64, (u128::from_le_bytes(random) >> 64) as u64);
        Some(Self::Whole(seed, Box::new(SharedSeed::from_u64(shared))))
    }

    #[inline]
    pub(super) fn look<'t>(&self, token: &'t [u8]) -> Sight<'t> {
        match self {
            Self::Hashed(key) => {
                let hash = SipHasher24::new_with_key(key).hash(token).as_u128().to_le_bytes();
                Sight { place: first_word(&hash), shown: Shown::Hash(hash) }
            }
            Self::Whole(..) => Sight { place: self.place(token), shown: Shown::Token(token) },
        }
    }

    /// Where a token lies of which this is kept.
    #[inline]
    pub(super) fn place(&self, kept: &[u8]) -> u64 {
        match self {
            Self::Hashed(_) => first_word(kept),
            Self::Whole(seed, shared) => {
                let mut hasher = FoldHasher::with_seed(*seed, shared);
                hasher.write(kept.last_chunk::<TELLING>().map_or(kept, |end| end));
                hasher.finish()
            }
        }
    }
}

fn first_word(hash: &[u8]) -> u64 {
    hash.first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

impl Sight<'_> {
    /// What is kept, so that the token is known again.
    pub(super) fn keep(&self) -> Secret {
        Secret::new(self.octets())
    }

    /// Whether this was kept of that very token. The comparison need not take a constant time: only a token that lies
    /// where this one does comes here, and nobody can work towards one without the end of its signature.
    #[inline]
    pub(super) fn is(&self, kept: &Secret) -> bool {
        kept.expose() == self.octets()
    }

    fn octets(&self) -> &[u8] {
        match &self.shown {
            Shown::Hash(hash) => hash,
            Shown::Token(token) => token,
        }
    }
}

impl fmt::Debug for Recognition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hashed(_) => "Hashed",
            Self::Whole(..) => "Whole",
        })
    }
}
