//! Benchmarks of the whole stack, with the peers beside it.
