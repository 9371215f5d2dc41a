//! Rules within the words of an application.

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Scope};

use super::Rule;
use super::node::{Named, Node, Unless};
use super::scope_list::ScopeList;
use crate::roles::RoleModel;
use crate::vocabulary::Vocabulary;

impl Rule {
    /// The same rule, bound to the scopes and roles of an application: a scope also holds for whom another one
    /// [implies](crate::ScopeCatalog::implies) it, a role for whom another one includes it, and permissions mean
    /// something. Binding it again binds it anew. It prints itself as before.
    ///
    /// What the scopes imply is worked out here, once, and not for each request. The roles and permissions that the rule
    /// asks for stay in the model: one that comes later without them is [not taken](RoleModel::replace). A rule that was bound to nothing goes by
    /// what [the Trail was told](Vocabulary::speak_to).
    ///
    /// ```
    /// use portcullis_authz::{RoleModel, ScopeCatalog, Vocabulary, permission, role, scope};
    ///
    /// let roles = RoleModel::builder().role("viewer").permits("read").role("editor").includes("viewer").build()?;
    /// let scopes = ScopeCatalog::new(["documents:read", "documents:write"]);
    /// let words = Vocabulary::new().with_scopes(scopes)?.with_roles(roles);
    ///
    /// let rule = scope("documents:read").and(role("viewer")).and(permission("read")).within(&words)?;
    /// let wrong = scope("document:read").and(role("Editor")).and(permission("raed")).within(&words).unwrap_err();
    /// assert_eq!(wrong.codes().collect::<Vec<_>>(), ["P211", "P224", "P225"]);
    /// # Ok::<(), portcullis_core::ConfigErrors>(())
    /// ```
    ///
    /// # Errors
    /// Scopes that are not declared (`P211`), roles and permissions that the model does not have (`P224`, `P225`), and
    /// everything that [`lint`](Self::lint) finds.
    pub fn within(&self, vocabulary: &Vocabulary) -> Result<Self, ConfigErrors> {
        let mut unknown = Vec::new();
        let bound = self.bound(vocabulary, &mut unknown);
        let mut errors = ConfigErrors::new();
        errors.extend(unknown);
        errors.extend(bound.lint());
        errors.into_result(bound)
    }

    fn bound(&self, vocabulary: &Vocabulary, errors: &mut Vec<ConfigError>) -> Self {
        let mut list = |rules: &[Self]| rules.iter().map(|rule| rule.bound(vocabulary, errors)).collect();
        Self::new(match self.node() {
            Node::All(rules) => Node::All(list(rules)),
            Node::Any(rules) => Node::Any(list(rules)),
            Node::Unless(unless) => {
                let deny = list(&unless.deny);
                let allow = unless.allow.as_ref().map(|allow| allow.bound(vocabulary, errors));
                Node::Unless(Unless { allow, deny })
            }
            Node::Not(rule) => Node::Not(rule.bound(vocabulary, errors)),
            Node::InMode(mode, rule) => Node::InMode(*mode, rule.bound(vocabulary, errors)),
            Node::Scopes(scopes) => Node::Scopes(bound_scopes(scopes, vocabulary, errors)),
            Node::Role(role) => Node::Role(bound_name(role, vocabulary, RoleModel::ask_for_role, errors)),
            Node::Permission(permission) => {
                Node::Permission(bound_name(permission, vocabulary, RoleModel::ask_for_permission, errors))
            }
            _ => return self.clone(),
        })
    }
}

fn bound_scopes(list: &ScopeList, vocabulary: &Vocabulary, errors: &mut Vec<ConfigError>) -> ScopeList {
    let covering = list.set.iter().map(Scope::as_str).map(|scope| {
        vocabulary.covering(scope).unwrap_or_else(|error| {
            errors.push(error);
            portcullis_core::Scopes::EMPTY
        })
    });
    let covering = covering.collect();
    let mut bound = list.covered_by(covering);
    bound.bound = vocabulary.declares_scopes();
    bound
}

fn bound_name(
    named: &Named,
    vocabulary: &Vocabulary,
    ask_for: impl FnOnce(&RoleModel, &str) -> Result<(), ConfigError>,
    errors: &mut Vec<ConfigError>,
) -> Named {
    let model = vocabulary.roles();
    // An empty name is told of by `lint`.
    if let Some(model) = model.filter(|_| !named.name.is_empty()) {
        errors.extend(ask_for(model, &named.name).err());
    }
    Named { name: named.name.clone(), model: model.cloned() }
}

impl Rule {
    /// What is wrong with a permission.
    pub(super) fn lint_permission(&self, permission: &Named, errors: &mut Vec<ConfigError>) {
        if permission.name.is_empty() {
            let message = format!("`{self}` has an empty name");
            errors.push(ConfigError::new(ConfigCode::RuleNeverSatisfied, message));
        } else if permission.model.is_none() {
            let message = format!(
                "permission `{}` is asked for, but there is no role model",
                Escaped::new(&permission.name)
            );
            errors.push(ConfigError::new(ConfigCode::RoleModelMissing, message));
        }
    }
}
