//! What attacks and standards both need.

pub mod challenges;
pub mod client;
pub mod documents;
pub mod vectors;
