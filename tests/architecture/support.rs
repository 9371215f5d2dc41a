//! Reading the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A crate of the workspace, as `cargo metadata` shows it.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    /// The folder of its manifest, relative to the root: `crates/portcullis-core`.
    pub folder: String,
    pub dependencies: Vec<Dependency>,
    pub manifest: Value,
}

/// What a manifest names.
#[derive(Debug)]
pub struct Dependency {
    pub name: String,
    /// Only for tests, examples and benchmarks.
    pub is_dev: bool,
    /// Whether it stands in this workspace.
    pub is_ours: bool,
}

impl Package {
    /// Whether it is one of the libraries that others use.
    pub fn is_room(&self) -> bool {
        self.folder.starts_with("crates/portcullis")
    }

    /// What its code needs, not only its tests.
    pub fn needs(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(|dependency| !dependency.is_dev)
    }
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).canonicalize().unwrap()
}

/// A text file, by its path from the root.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What cargo prints.
pub fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every package of the workspace.
pub fn packages() -> Vec<Package> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let packages: Vec<Package> = metadata["packages"].as_array().unwrap().iter().map(package).collect();
    assert!(packages.len() > 10, "{packages:?}");
    packages
}

fn package(manifest: &Value) -> Package {
    let folder = Path::new(text(&manifest["manifest_path"])).parent().unwrap();
    Package {
        name: text(&manifest["name"]).to_owned(),
        folder: folder.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(),
        dependencies: manifest["dependencies"].as_array().unwrap().iter().map(dependency).collect(),
        manifest: manifest.clone(),
    }
}

fn dependency(value: &Value) -> Dependency {
    Dependency {
        name: text(&value["name"]).to_owned(),
        is_dev: value["kind"] == "dev",
        is_ours: value["path"].is_string(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Every text file of the project: its path from the root, and its text.
pub fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&root(), &mut found);
    let root = root();
    let mut files: Vec<(String, String)> = found
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            Some((path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(), text))
        })
        .collect();
    files.sort();
    assert!(files.len() > 100, "{}", files.len());
    files
}

/// Every Rust file.
pub fn rust_files() -> Vec<(String, String)> {
    files().into_iter().filter(|(path, _)| path.ends_with(".rs")).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if NOT_OURS.contains(&name.to_str().unwrap()) {
            continue;
        }
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// What holds no source: what cargo, git, npm, Python, a running example and a fuzzer leave behind. In a second work tree
/// `.git` is a file.
const NOT_OURS: &[&str] =
    &[".git", ".venv", "__pycache__", "artifacts", "corpus", "coverage", "data", "node_modules", "target"];
