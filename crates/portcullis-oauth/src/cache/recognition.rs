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

pub(super) enum Shown<'t> {
    Hash(u128),
    Token(&'t [u8]),
}

/// What is kept of a token.
pub(super) enum Kept {
    Hash(u128),
    Token(Secret),
}

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

    pub(super) fn look<'t>(&self, token: &'t [u8]) -> Sight<'t> {
        match self {
            Self::Hashed(key) => {
                let hash = SipHasher24::new_with_key(key).hash(token).as_u128();
                Sight { place: hash as u64, shown: Shown::Hash(hash) }
            }
            Self::Whole(seed, shared) => {
                let mut hasher = FoldHasher::with_seed(*seed, shared);
                hasher.write(token);
                Sight { place: hasher.finish(), shown: Shown::Token(token) }
            }
        }
    }
}

impl Sight<'_> {
    pub(super) fn keep(&self) -> Kept {
        match self.shown {
            Shown::Hash(hash) => Kept::Hash(hash),
            Shown::Token(token) => Kept::Token(Secret::new(token)),
        }
    }
}

impl Kept {
    /// Whether it is that very token. The comparison need not take a constant time: only a token whose seeded hash is
    /// that of this one comes here, and nobody can work towards one.
    pub(super) fn is(&self, sight: &Sight<'_>) -> bool {
        match (self, &sight.shown) {
            (Self::Hash(kept), Shown::Hash(shown)) => kept == shown,
            (Self::Token(kept), Shown::Token(shown)) => kept.expose() == *shown,
            _ => false,
        }
    }

    /// The memory that it takes beyond its own size.
    pub(super) fn octets(&self) -> usize {
        match self {
            Self::Hash(_) => 0,
            Self::Token(token) => token.expose().len(),
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
