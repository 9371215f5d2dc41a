//! Introspection against a server that fails in every way, under a clock that only the tests move.
