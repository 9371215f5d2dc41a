//! What tests share.

use std::path::PathBuf;

use serde_json::Value;

/// A document of the shared vectors; `None`, visibly, where they are not at hand.
pub(crate) fn vectors(path: &str) -> Option<Value> {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")).join(path);
    let Ok(text) = std::fs::read_to_string(&file) else {
        eprintln!("SKIPPED: no vectors at {path}");
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}
