//! Randomness from the operating system.

use std::error::Error;
use std::fmt;

/// The operating system gives no randomness; nothing secret can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RandomnessUnavailable;

impl fmt::Display for RandomnessUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system gives no randomness")
    }
}

impl Error for RandomnessUnavailable {}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], RandomnessUnavailable> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(|_| RandomnessUnavailable)?;
    Ok(octets)
}
