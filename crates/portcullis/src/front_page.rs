//! The example on the front page of the repository is compiled with the others.

#![doc = include_str!("../../../README.md")]
