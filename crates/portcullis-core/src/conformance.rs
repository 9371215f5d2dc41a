//! What every implementation of a shared store must do, as functions that its tests call. They panic where it does
//! not.

mod replays;
mod revocations;

pub use self::replays::{full_replays, replays};
pub use self::revocations::revocations;
