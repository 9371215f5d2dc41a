//! The room from outside: an application on axum, called in process.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod annotated;
mod checked;
mod demands;
mod finish;
mod in_flight;
mod metadata;
mod modes;
mod nested;
mod order;
mod plain_router;
mod problems;
mod promises;
mod rejections;
mod routes;
mod serving;
mod shared_rules;
mod subtrees;
mod support;
#[cfg(feature = "tls")]
mod tls;
mod upkeep;
mod watched;
mod words;
