mod asks;
#[cfg(feature = "conformance")]
mod conforms;
mod questions;
