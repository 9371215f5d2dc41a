//! Documents, where they are kept, and what policies are told of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use portcullis::authz::engine::{Describe, EnginePolicy};
use portcullis::authz::{Absent, Load, Resource};
use portcullis::cedar::Cedar;
use portcullis::core::StoreError;
use serde::Serialize;
use serde_json::{Map, Value, json};

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Document {
    pub(crate) id: u32,
    pub(crate) title: String,
    pub(crate) owner: String,
    pub(crate) archived: bool,
}

impl Resource for Document {
    type Id = u32;
    type Store = Documents;
    type Rules = EnginePolicy<Cedar>;
    const PARAM: &'static str = "id";
    // What the engine is asked about in place of a document that does not exist: nobody's.
    const ABSENT: Absent<Self> = Absent::AskedAs(|id| Self { id: *id, ..Self::default() });
}

/// As `policies/documents.cedarschema` declares it.
impl Describe for Document {
    fn kind(&self) -> Cow<'_, str> {
        "Document".into()
    }

    fn id(&self) -> Cow<'_, str> {
        self.id.to_string().into()
    }

    fn attributes(&self) -> Map<String, Value> {
        let owner = json!({ "type": "User", "id": self.owner });
        Map::from_iter([("owner".to_owned(), owner), ("archived".to_owned(), self.archived.into())])
    }
}

/// Documents in memory.
#[derive(Clone)]
pub(crate) struct Documents(Arc<RwLock<BTreeMap<u32, Document>>>);

impl Documents {
    pub(crate) fn demo() -> Self {
        let document = |id, title: &str, owner: &str, archived| {
            (id, Document { id, title: title.to_owned(), owner: owner.to_owned(), archived })
        };
        let all = [document(1, "Plan", "alice", false), document(2, "Old plan", "alice", true)];
        Self(Arc::new(RwLock::new(BTreeMap::from(all))))
    }

    pub(crate) fn rename(&self, id: u32, title: String) {
        let mut documents = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = documents.get_mut(&id) {
            document.title = title;
        }
    }
}

impl Load<Document> for Documents {
    async fn load(&self, id: &u32) -> Result<Option<Document>, StoreError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned())
    }
}
