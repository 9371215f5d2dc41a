//! What `cargo metadata` says of the packages of this workspace.

use std::process::Command;

use serde_json::Value;

/// A package of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its features, without `default` and without those that an optional dependency implies.
    pub(crate) features: Vec<String>,
}

/// The packages of the workspace, without their dependencies.
pub(crate) fn packages() -> Result<Vec<Package>, String> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let value = serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    read(&value)
}

fn read(metadata: &Value) -> Result<Vec<Package>, String> {
    let packages =
        metadata.get("packages").and_then(Value::as_array).ok_or("cargo metadata lists no packages")?;
    packages
        .iter()
        .map(|package| read_package(package).ok_or_else(|| format!("unreadable: {package}")))
        .collect()
}

fn read_package(package: &Value) -> Option<Package> {
    let features = package.get("features")?.as_object()?;
    let mut features: Vec<String> = features.keys().filter(|name| *name != "default").cloned().collect();
    // The order of a map is that of its source in some builds.
    features.sort();
    Some(Package { name: package.get("name")?.as_str()?.to_owned(), features })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_names_and_features() {
        let metadata = json!({ "packages": [
            { "name": "a", "features": { "default": ["tls"], "tls": [], "pem": ["dep:x"] } },
            { "name": "b", "features": {} },
        ]});
        let expected = vec![
            Package { name: "a".into(), features: vec!["pem".into(), "tls".into()] },
            Package { name: "b".into(), features: vec![] },
        ];
        assert_eq!(read(&metadata), Ok(expected));
    }

    #[test]
    fn refuses_what_is_no_metadata() {
        assert!(read(&json!({})).is_err());
        assert!(read(&json!({ "packages": [{ "name": 3 }] })).is_err());
    }
}
