//! A word from whoever enforces a policy to the handler that carries it.

use std::ptr;
use std::sync::atomic::Ordering;

use super::Trail;

impl Trail {
    /// Says that this very policy was enforced for the request just now, so that the handler that carries it need not
    /// ask again. The last word counts.
    ///
    /// The value stands for itself: another one that says the same is another one.
    pub fn uphold<T>(&self, policy: &'static T) {
        self.0.upheld.store(key(policy), Ordering::Relaxed);
    }

    /// Whether this very policy was the last one that was said to be enforced. The word is gone afterwards, whatever
    /// the answer: it is good for one handler, and one that comes later asks for itself.
    #[must_use]
    pub fn takes_upheld<T>(&self, policy: &'static T) -> bool {
        self.0.upheld.swap(0, Ordering::Relaxed) == key(policy)
    }
}

/// The address of the value, which is never 0.
fn key<T>(policy: &'static T) -> usize {
    ptr::from_ref(policy).addr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    static ONE: u32 = 7;
    static OTHER: u32 = 8;

    #[test]
    fn a_policy_is_upheld_for_one_handler_and_no_other_policy() {
        let trail = Trail::open(&Clock::system());
        assert!(!trail.takes_upheld(&ONE), "nobody has said so");
        trail.uphold(&ONE);
        assert!(trail.takes_upheld(&ONE));
        assert!(!trail.takes_upheld(&ONE), "the word is good once");
        trail.uphold(&ONE);
        assert!(!trail.takes_upheld(&OTHER), "another policy");
        assert!(!trail.takes_upheld(&ONE), "gone with the wrong question too");
        trail.uphold(&ONE);
        trail.uphold(&OTHER);
        assert!(!trail.takes_upheld(&ONE), "the last word counts");
    }
}
