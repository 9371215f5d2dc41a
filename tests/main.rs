//! One binary for every test that needs more than one room. Where a new test goes:

/// Real sockets: HTTP/1 and HTTP/2, upgrades, streams, slow and rude clients, shutdown.
mod wire;
