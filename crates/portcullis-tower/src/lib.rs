#![doc = include_str!("../README.md")]

mod future;
mod layer;
mod service;

pub use self::future::{ResponseFuture, take_ready};
pub use self::layer::DecideLayer;
pub use self::service::{Decide, DecideService};

#[cfg(test)]
mod tests;
