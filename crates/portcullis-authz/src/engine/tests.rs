mod asks;
#[cfg(feature = "conformance")]
mod conforms;
mod policies;
mod questions;
mod watched;
