//! What attacks, interop and standards need.

pub mod challenges;
pub mod client;
pub mod documents;
pub mod http2;
pub mod vectors;
