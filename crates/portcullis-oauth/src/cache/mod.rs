//! Tokens that were verified before: verifying a signature costs more than everything else on a request's way.
//!
//! A token is found by a hash of its end with a seed of this cache's own, and then compared as a whole, so that no token
//! is ever taken for another. What is remembered is what the token says, the key that verified it, and whose key that is;
//! whether that still counts is asked anew each time.
//!
//! Only tokens that verify are remembered. Anyone can make up tokens that do not, without end: remembering them
//! would save nothing against someone who never sends the same one twice, and would give them room to fill.

mod recognition;
mod remembered;
mod settings;
#[cfg(test)]
mod tests;

pub use self::settings::{DEFAULT_REMEMBERED_OCTETS, DEFAULT_REMEMBERED_TOKENS, RememberTokens};

pub(crate) use self::remembered::{Remembered, TokenCache};
