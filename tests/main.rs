//! One binary for every test that needs more than one room. Where a new test goes:

/// The shape of the workspace: arrows between crates, files, texts, codes, licences. No requests.
mod architecture;

/// Real sockets: HTTP/1 and HTTP/2, upgrades, streams, slow and rude clients, shutdown.
mod wire;
