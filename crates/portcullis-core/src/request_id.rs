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
    /// A fresh identifier.
    #[must_use]
    pub fn generate() -> Self {
        thread_local! {
            static THREAD: (u64, RandomState) = {
                let state = RandomState::new();
                (state.build_hasher().finish(), RandomState::new())
            };
            static NEXT: Cell<u64> = const { Cell::new(0) };
        }
        let count = NEXT.with(|next| next.replace(next.get().wrapping_add(1)));
        THREAD.with(|(thread, state)| Self(*thread, state.hash_one(count)))
    }

    /// An evenly spread number, for sampling.
    #[must_use]
    pub const fn sample(self) -> u64 {
        self.1
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.0, self.1)
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
}
