//! See the test binary `workspace` beside this file.

/// The example of the project's own page compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
