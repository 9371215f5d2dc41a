//! The shape of the workspace, as ARCHITECTURE.md describes it.

mod licences;
mod manifests;
mod registry;
mod sources;
mod support;
mod texts;
