//! Values that count once, remembered in this process.

mod memory;
mod shard;

pub use self::memory::{DEFAULT_CAPACITY, DEFAULT_PER_OWNER, MemoryReplay};

#[cfg(test)]
mod tests;
