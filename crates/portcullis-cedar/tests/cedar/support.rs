//! A folder to write policies to, and one question.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_authz::engine::{DecisionPoint, Question};
use portcullis_cedar::{Cedar, CedarBuilder};
use portcullis_core::{CredentialMethod, Decision, Principal, PrincipalBuilder};

/// Documents, which are in folders.
pub(crate) const SCHEMA: &str = r#"
entity Role;
entity Group;
entity User in [Role, Group] = {
    tenant?: String,
    scopes?: Set<String>,
    acr?: String,
    department?: String,
};
entity Folder in [Folder] = { "public"?: Bool };
entity Document in [Folder] = { owner?: User, level?: Long, tenant?: String };
action Read, Write appliesTo {
    principal: User,
    resource: [Document, Folder],
    context: { network?: String },
};
"#;

/// An engine of these policies over [`SCHEMA`].
#[track_caller]
pub(crate) fn engine(policies: &str) -> Cedar {
    built(Cedar::builder().schema("documents.cedarschema", SCHEMA).policies("documents.cedar", policies))
}

#[track_caller]
pub(crate) fn built(builder: CedarBuilder) -> Cedar {
    builder.build().unwrap_or_else(|errors| panic!("{errors}"))
}

pub(crate) fn alice() -> PrincipalBuilder {
    Principal::builder("alice", CredentialMethod::Jwt)
}

pub(crate) fn decide(cedar: &Cedar, question: &Question<'_>) -> Decision {
    cedar.decide(question).done().unwrap()
}

/// May this caller read document 1?
pub(crate) fn may_read(cedar: &Cedar, caller: &Principal) -> bool {
    decide(cedar, &Question::new(caller, "Read", "Document", "1")).is_allowed()
}

/// A folder that goes when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("portcullis-cedar-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.0.join(name)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
