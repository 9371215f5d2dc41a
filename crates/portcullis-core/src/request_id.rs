//! A name for a request.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

/// Names one request in audit events and logs: 128 bits, written as 32 hexadecimal digits.
///
/// It is unique for all practical purposes and costs neither a system call nor a shared counter; it is a name,
/// not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(u64, u64);

impl RequestId {
    /// A fresh identifier: a number of the thread, and one of the request that is never the same twice in a thread.
    #[must_use]
    pub fn generate() -> Self {
        thread_local! {
            static THREAD: Thread = Thread::new();
        }
        THREAD.with(Thread::next)
    }

    /// An evenly spread number, for sampling.
    #[must_use]
    pub const fn sample(self) -> u64 {
        self.1
    }
}

/// What the names of one thread are made of.
struct Thread {
    number: u64,
    keys: (u64, u64),
    count: Cell<u64>,
}

impl Thread {
    fn new() -> Self {
        // Each is hashed under a key of the process that the system chose at random, and one more for each state.
        let random = || RandomState::new().build_hasher().finish();
        Self { number: random(), keys: (random(), random()), count: Cell::new(0) }
    }

    fn next(&self) -> RequestId {
        let count = self.count.replace(self.count.get().wrapping_add(1));
        // A permutation between two keys: numbers that differ stay so, and whoever knows some does not know the next.
        RequestId(self.number, spread(count ^ self.keys.0) ^ self.keys.1)
    }
}

/// A permutation of which each bit of the result depends on each of the number: the finalizer of SplitMix64 (Steele,
/// Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
const fn spread(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = u128::from(self.0) << 64 | u128::from(self.1);
        let mut text = [0; 32];
        // Written at once, since every event has one.
        for place in text.iter_mut().rev() {
            *place = match (left & 15) as u8 {
                digit @ ..10 => b'0' + digit,
                letter => b'a' - 10 + letter,
            };
            left >>= 4;
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn identifiers_differ_within_and_between_threads() {
        let many = || (0..10_000).map(|_| RequestId::generate()).collect::<Vec<_>>();
        let other = std::thread::spawn(many).join().unwrap();
        let all: HashSet<_> = many().into_iter().chain(other).collect();
        assert_eq!(all.len(), 20_000);
        assert_eq!(RequestId::generate().to_string().len(), 32);
    }

    #[test]
    fn it_is_written_as_32_hexadecimal_digits() {
        assert_eq!(RequestId(0, 1).to_string(), "00000000000000000000000000000001");
        let id = RequestId(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
        assert_eq!(id.to_string(), "0123456789abcdeffedcba9876543210");
        let id = RequestId::generate();
        assert_eq!(id.to_string(), format!("{:016x}{:016x}", id.0, id.1));
    }

    #[test]
    fn samples_are_evenly_spread() {
        let mut shares = [0_u32; 10];
        for _ in 0..10_000 {
            shares[(RequestId::generate().sample() % 10) as usize] += 1;
        }
        // More than eight standard deviations to each side.
        assert!(shares.iter().all(|share| (750..1250).contains(share)), "{shares:?}");
    }
}
