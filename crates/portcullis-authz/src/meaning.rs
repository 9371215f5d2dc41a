//! What the words of an application stand for, for those who describe it.

use crate::vocabulary::Vocabulary;

/// A scope that is declared, or a wildcard that callers may hold, and what it stands for. It checks nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScopeMeaning {
    /// The scope as a credential carries it: `documents:write`, `documents:*`.
    pub scope: String,
    /// Every other scope that it stands for, directly or by way of others, sorted.
    pub covers: Vec<String>,
}

/// A role of the model, and what it stands for. It checks nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleMeaning {
    /// The name.
    pub role: String,
    /// Every other role that it includes, directly or by way of others, sorted.
    pub includes: Vec<String>,
    /// Every permission that it has, those of the roles that it includes among them, sorted.
    pub permits: Vec<String>,
}

impl Vocabulary {
    /// Every declared scope, and every wildcard that covers one, sorted; none if no scope is declared.
    ///
    /// ```
    /// use portcullis_authz::{ScopeCatalog, Vocabulary};
    ///
    /// let scopes = ScopeCatalog::new(["a:write", "a:read"]).implies("a:write", ["a:read"]).allow_wildcards();
    /// let meanings = Vocabulary::new().with_scopes(scopes)?.scope_meanings();
    /// let told: Vec<_> = meanings.iter().map(|told| (told.scope.as_str(), told.covers.join(" "))).collect();
    /// assert_eq!(told, [("a:*", "a:read a:write".into()), ("a:read", String::new()), ("a:write", "a:read".into())]);
    /// # Ok::<(), portcullis_core::ConfigErrors>(())
    /// ```
    #[must_use]
    pub fn scope_meanings(&self) -> Vec<ScopeMeaning> {
        let told = self.catalog().into_iter().flat_map(|catalog| catalog.meanings());
        let mut told: Vec<_> =
            told.map(|(scope, covers)| ScopeMeaning { scope, covers: sorted(covers) }).collect();
        told.sort_by(|one, other| one.scope.cmp(&other.scope));
        told
    }

    /// Every role of the model as it is now, sorted; none if there is no model.
    ///
    /// ```
    /// use portcullis_authz::{RoleModel, Vocabulary};
    ///
    /// let model = RoleModel::builder().role("viewer").permits("read").role("editor").includes("viewer").permits("edit");
    /// let meanings = Vocabulary::new().with_roles(model.build()?).role_meanings();
    /// assert_eq!((meanings[0].role.as_str(), meanings[0].includes.as_slice()), ("editor", &["viewer".to_owned()][..]));
    /// assert_eq!(meanings[0].permits, ["edit", "read"]);
    /// # Ok::<(), portcullis_core::ConfigErrors>(())
    /// ```
    #[must_use]
    pub fn role_meanings(&self) -> Vec<RoleMeaning> {
        let mut told = self.roles().map(|model| model.meanings()).unwrap_or_default();
        told.sort_by(|one, other| one.role.cmp(&other.role));
        told
    }
}

/// In order, each once.
pub(crate) fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}
