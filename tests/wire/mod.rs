//! Over real sockets.

mod server;
mod streams;
mod support;
