//! Roles as they are written down.

use portcullis_core::ConfigErrors;

use super::model::RoleModel;
use super::snapshot::Snapshot;

/// Roles as they are written down: nothing is checked before [`build`](Self::build), or before a
/// [`RoleModel`] takes them.
///
/// ```
/// use portcullis_authz::RoleModel;
///
/// let errors = RoleModel::builder().role("editor").includes("viewer").permits("write").build().unwrap_err();
/// assert_eq!(errors.codes().collect::<Vec<_>>(), ["P222"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RoleModelBuilder {
    pub(super) roles: Vec<RoleDefinition>,
    /// What was included or permitted before any role was named.
    pub(super) stray: Vec<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleDefinition {
    pub(super) name: Box<str>,
    pub(super) includes: Vec<Box<str>>,
    pub(super) permits: Vec<Box<str>>,
}

impl RoleModelBuilder {
    /// Adds a role, which includes and permits nothing yet: what follows is said of it.
    pub fn role(mut self, name: impl Into<Box<str>>) -> Self {
        self.roles.push(RoleDefinition { name: name.into(), includes: Vec::new(), permits: Vec::new() });
        self
    }

    /// Says that who has the role added last has this other role too, with all that it includes and permits. It may
    /// be added later.
    pub fn includes(mut self, role: impl Into<Box<str>>) -> Self {
        match self.roles.last_mut() {
            Some(last) => last.includes.push(role.into()),
            None => self.stray.push(role.into()),
        }
        self
    }

    /// Says that the role added last has the permission.
    pub fn permits(mut self, permission: impl Into<Box<str>>) -> Self {
        match self.roles.last_mut() {
            Some(last) => last.permits.push(permission.into()),
            None => self.stray.push(permission.into()),
        }
        self
    }

    /// The finished model.
    ///
    /// # Errors
    /// Everything that is wrong, at once: names (`P220`), duplicates (`P221`), includes of roles that are not there
    /// (`P222`), circles (`P223`), and more than [`MAX_ROLES`](crate::MAX_ROLES) and the other limits (`P226`).
    pub fn build(self) -> Result<RoleModel, ConfigErrors> {
        Ok(RoleModel::new(Snapshot::new(self)?, None))
    }
}
