//! The engine from outside: what it loads, what it tells policies, what it decides, what it does when files change.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod authzen;
mod callers;
mod conformance;
mod deciding;
mod guards;
mod limits;
mod loading;
mod reloading;
mod resources;
mod support;
