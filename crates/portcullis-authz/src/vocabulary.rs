//! The words that rules of an application are written with.

use std::fmt;
use std::sync::Arc;

use portcullis_core::{ConfigError, ConfigErrors, Scopes, Trail};

use crate::catalog::{CompiledCatalog, ScopeCatalog};
use crate::roles::RoleModel;

/// The scopes and roles of an application: what [`Rule::within`](crate::Rule::within) binds a rule to. Clones are
/// free.
///
/// By default there is neither: a scope is held if the credential carries it, a role if the caller has it, and no rule
/// may ask for a permission.
#[derive(Clone, Default)]
#[must_use]
pub struct Vocabulary {
    scopes: Option<Arc<CompiledCatalog>>,
    roles: Option<RoleModel>,
}

impl Vocabulary {
    /// No scope is declared, and there is no role model.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes these scopes. Rules may name no other.
    ///
    /// # Errors
    /// `P206`, `P212` and `P213`, all at once.
    pub fn with_scopes(self, scopes: ScopeCatalog) -> Result<Self, ConfigErrors> {
        Ok(Self { scopes: Some(Arc::new(scopes.compile()?)), ..self })
    }

    /// Takes these roles. Rules may name no other.
    pub fn with_roles(self, roles: RoleModel) -> Self {
        Self { roles: Some(roles), ..self }
    }

    /// Whether a credential with these scopes satisfies a rule that asks for the scope.
    #[must_use]
    pub fn covers(&self, held: &Scopes, scope: &str) -> bool {
        match &self.scopes {
            Some(catalog) => catalog.covers(held, scope),
            None => held.contains(scope),
        }
    }

    /// Tells the Trail of a request which scopes stand for others, for a [`Scoped`](crate::Scoped) that asks after the
    /// rule. `Security` does so for every route.
    pub fn speak_to(&self, trail: &Trail) {
        if let Some(catalog) = &self.scopes {
            let catalog: Arc<CompiledCatalog> = Arc::clone(catalog);
            trail.set_scope_cover(catalog);
        }
    }

    /// The role model.
    #[must_use]
    pub fn roles(&self) -> Option<&RoleModel> {
        self.roles.as_ref()
    }

    /// The other scopes that stand for the scope; none if no scope is declared.
    pub(crate) fn covering(&self, scope: &str) -> Result<Scopes, ConfigError> {
        self.scopes.as_ref().map_or(Ok(Scopes::EMPTY), |catalog| catalog.covering(scope))
    }
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocabulary")
            .field("declares_scopes", &self.scopes.is_some())
            .field("roles", &self.roles)
            .finish()
    }
}
