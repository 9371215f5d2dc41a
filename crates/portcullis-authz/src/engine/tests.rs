mod asks;
#[cfg(feature = "conformance")]
mod conforms;
mod policies;
mod questions;
mod slow;
mod watched;
mod watched_policies;
