//! One binary for every test that needs more than one room. Where a new test goes:

/// Allocations of one request, against the goals of performance. The cases themselves are those of `tests/bench`.
mod allocations;

/// The shape of the workspace: arrows between crates, files, texts, codes, licences. No requests.
mod architecture;

/// What strangers try, against the running documents example: tokens, headers, request smuggling, hostile text, guessing.
mod attacks;

/// What holds whatever the octets are: the fuzz targets on their seeds. A parser of untrusted bytes has a target there.
mod fuzz;

/// Vectors of the standards through a whole stack, and the list of demands with the test of each.
mod standards;

/// The documents example between programs that others wrote. Their packages are in `interop/node` and `interop/python`.
mod interop;

/// No tests: what attacks, interop and standards need.
mod support;

/// Real sockets: HTTP/1 and HTTP/2, upgrades, streams, slow and rude clients, shutdown.
mod wire;
