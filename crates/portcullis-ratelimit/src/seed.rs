//! Hashes of keys, seeded so that nobody can look for keys that collide.

use std::hash::{BuildHasher, DefaultHasher, Hash, RandomState};

/// The secret seed of one limit.
///
/// Text, which clients choose freely and at any length, is hashed by SipHash. A network address is 128 bits that
/// a client has few of: two multiplications under 256 secret bits hide where it falls, at a tenth of the price.
#[derive(Clone)]
pub(crate) struct Seed {
    text: RandomState,
    address: [u64; 4],
}

impl Seed {
    pub(crate) fn random() -> Self {
        let source = RandomState::new();
        Self { text: RandomState::new(), address: [0_u64, 1, 2, 3].map(|number| source.hash_one(number)) }
    }

    /// Of something that is no address.
    pub(crate) fn hash(&self, value: impl Hash) -> u64 {
        self.text.hash_one(value)
    }

    /// For something that comes in parts.
    pub(crate) fn hasher(&self) -> DefaultHasher {
        self.text.build_hasher()
    }

    /// Of an IPv6 network, or of an IPv4 address as IPv6 maps it.
    #[inline]
    pub(crate) fn address(&self, address: u128) -> u64 {
        let [first, second, third, fourth] = self.address;
        let mixed = folded_product((address >> 64) as u64 ^ first, address as u64 ^ second);
        folded_product(mixed ^ third, fourth)
    }
}

/// Both halves of the product, of which each octet depends on all octets of the factors.
#[inline]
fn folded_product(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Neighbours, as the addresses of one network are, must not fall together.
    #[test]
    fn addresses_are_spread_evenly_whichever_of_their_bits_differ() {
        let seed = Seed::random();
        for shift in [0, 8, 16, 56, 64, 72, 100, 112] {
            let hashes: Vec<u64> = (0..65_536_u128).map(|n| seed.address(n << shift)).collect();
            // The upper bits select the set, the lower ones tell keys of a set apart.
            let tags: HashSet<u32> = hashes.iter().map(|hash| *hash as u32).collect();
            assert!(tags.len() > 65_500, "shifted by {shift}: {} tags", tags.len());
            let mut sets = [0_u32; 256];
            hashes.iter().for_each(|hash| sets[(hash >> 56) as usize] += 1);
            // 256 are expected in each; eight standard deviations are 128.
            let (fewest, most) = (sets.iter().min().unwrap(), sets.iter().max().unwrap());
            assert!(*fewest > 128 && *most < 384, "shifted by {shift}: {fewest} to {most} in a set");
        }
    }

    #[test]
    fn two_seeds_send_one_address_to_different_places() {
        let (one, other) = (Seed::random(), Seed::random());
        let same = (0..1000_u128).filter(|n| one.address(*n) as u8 == other.address(*n) as u8).count();
        assert!(same < 50, "{same} of 1,000 agree in eight bits, where four are expected");
        assert_ne!(one.hash("a"), other.hash("a"));
    }
}
