//! The shape of the workspace, as ARCHITECTURE.md describes it.

mod licences;
mod manifests;
mod registry;
mod sources;
pub mod support;
mod texts;
