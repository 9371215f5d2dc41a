//! The room from outside: a service without a router behind `Security`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod advice_log;
mod asks;
mod configuration;
mod explain;
mod hosts;
mod in_flight;
mod limits;
mod lints;
mod metadata;
mod order;
mod routing;
mod support;
mod vocabulary;
mod waiting;
