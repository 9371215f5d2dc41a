//! Three callers: one who owns documents, an editor, an auditor.

use std::error::Error;

use portcullis::prelude::*;

/// Keys made anew at each start.
pub(crate) struct Keys {
    pub(crate) set: ApiKeySet,
    /// Each caller's name and key, to be printed.
    pub(crate) secrets: Vec<(&'static str, String)>,
}

impl Keys {
    pub(crate) fn generate() -> Result<Self, Box<dyn Error>> {
        let mut keys = Vec::new();
        let mut secrets = Vec::new();
        for (name, role) in [("alice", None), ("bob", Some("editor")), ("carol", Some("auditor"))] {
            let caller = Principal::builder(name, CredentialMethod::ApiKey).roles(role).build();
            let (secret, key) = ApiKey::generate("demo_", name, caller)?;
            keys.push(key);
            secrets.push((name, String::from_utf8_lossy(secret.expose()).into_owned()));
        }
        Ok(Self { set: ApiKeySet::new(keys)?, secrets })
    }
}
