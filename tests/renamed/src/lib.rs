//! Nothing: what is tested is the manifest, by `main.rs`.
