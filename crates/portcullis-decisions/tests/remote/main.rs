//! Remote decision points against servers on real sockets, in every state that a server can be in. Nothing here sleeps:
//! the breaker's time is moved by hand.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail it"
)]

mod authzen;
mod cerbos;
mod conforms;
mod failures;
mod guards;
mod memory;
mod opa;
mod openfga;
mod settings;
mod support;
mod todo;
mod watched;
