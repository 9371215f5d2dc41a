//! The words that rules of an application are written with.

use std::fmt;
use std::sync::Arc;

use portcullis_core::{ConfigError, ConfigErrors, Entitlements, Principal, Scopes, Trail};

use crate::catalog::{CompiledCatalog, ScopeCatalog};
use crate::roles::RoleModel;

/// The scopes and roles of an application: what [`Rule::within`](crate::Rule::within) binds a rule to. Clones are
/// free.
///
/// By default there is neither: a scope is held if the credential carries it, a role if the caller has it, and no rule
/// may ask for a permission.
#[derive(Clone, Default)]
#[must_use]
pub struct Vocabulary(Option<Arc<Words>>);

#[derive(Clone, Default)]
struct Words {
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
        let scopes = Some(Arc::new(scopes.compile()?));
        Ok(self.with(|words| Words { scopes, ..words }))
    }

    /// Takes these roles. Rules may name no other.
    pub fn with_roles(self, roles: RoleModel) -> Self {
        self.with(|words| Words { roles: Some(roles), ..words })
    }

    fn with(self, change: impl FnOnce(Words) -> Words) -> Self {
        Self(Some(Arc::new(change(self.0.map(Arc::unwrap_or_clone).unwrap_or_default()))))
    }

    /// Whether a credential with these scopes satisfies a rule that asks for the scope.
    #[must_use]
    pub fn covers(&self, held: &Scopes, scope: &str) -> bool {
        match &self.0 {
            Some(words) => words.covers(held, scope),
            None => held.contains(scope),
        }
    }

    /// Tells the Trail of a request what scopes and roles stand for: a [`Scoped`](crate::Scoped) that asks after the rule,
    /// and a rule that is bound to nothing, go by it. `Security` does so for every route.
    pub fn speak_to(&self, trail: &Trail) {
        if let Some(words) = &self.0 {
            let words: Arc<Words> = Arc::clone(words);
            trail.set_entitlements(words);
        }
    }

    /// The role model.
    #[must_use]
    pub fn roles(&self) -> Option<&RoleModel> {
        self.0.as_ref()?.roles.as_ref()
    }

    pub(crate) fn catalog(&self) -> Option<&CompiledCatalog> {
        self.0.as_ref()?.scopes.as_deref()
    }

    /// Whether the scopes of the application are known.
    pub(crate) fn declares_scopes(&self) -> bool {
        self.0.as_ref().is_some_and(|words| words.scopes.is_some())
    }

    /// The other scopes that stand for the scope; none if no scope is declared.
    pub(crate) fn covering(&self, scope: &str) -> Result<Scopes, ConfigError> {
        let catalog = self.0.as_ref().and_then(|words| words.scopes.as_ref());
        catalog.map_or(Ok(Scopes::EMPTY), |catalog| catalog.covering(scope))
    }
}

impl Entitlements for Words {
    fn covers(&self, held: &Scopes, scope: &str) -> bool {
        match &self.scopes {
            Some(catalog) => catalog.covers(held, scope),
            None => held.contains(scope),
        }
    }

    fn has_role(&self, caller: &Principal, role: &str) -> bool {
        match &self.roles {
            Some(model) => model.has_role(caller, role),
            None => caller.has_role(role),
        }
    }

    fn permits(&self, caller: &Principal, permission: &str) -> Option<bool> {
        self.roles.as_ref()?.permission(caller, permission)
    }

    fn knows_scope(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|catalog| catalog.declares(scope))
    }

    fn knows_role(&self, role: &str) -> bool {
        self.roles.as_ref().is_none_or(|model| model.knows_role(role))
    }
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocabulary")
            .field("declares_scopes", &self.declares_scopes())
            .field("roles", &self.roles())
            .finish()
    }
}
