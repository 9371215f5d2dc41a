//! Test vectors beside the checkout.

use std::path::PathBuf;

use serde_json::Value;

/// The parsed file of that path in the folder of vectors; `None`, said aloud, if it is not there.
pub fn vectors(path: &str) -> Option<Value> {
    let text = beside_the_checkout(&format!("vectors/{path}"))?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// The hostile strings of the big list, or nothing.
pub fn naughty_strings() -> Vec<String> {
    let Some(list) = vectors("naughty-strings/blns.json") else { return Vec::new() };
    let list: Vec<String> = serde_json::from_value(list).unwrap();
    assert!(list.len() > 500);
    list
}

/// The text of a file in the folder that is shared beside the checkout; `None`, said aloud, if it is not there.
pub fn beside_the_checkout(path: &str) -> Option<String> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).join(path);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("SKIPPED: {} is not there", path.display());
    }
    text
}
