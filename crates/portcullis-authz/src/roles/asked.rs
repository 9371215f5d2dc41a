//! What rules ask of a role model, so that no later model forgets it.

use std::collections::BTreeSet;

use portcullis_core::{ConfigError, ConfigErrors};

use super::snapshot::Snapshot;

/// The names that rules were bound to. Each was in the model when it was bound and no later model is without it, so
/// there are never more than a model may have.
#[derive(Default)]
pub(super) struct Asked {
    roles: BTreeSet<Box<str>>,
    permissions: BTreeSet<Box<str>>,
}

impl Asked {
    pub(super) fn role(&mut self, model: &Snapshot, role: &str) -> Result<(), ConfigError> {
        model.check_role(role)?;
        self.roles.insert(role.into());
        Ok(())
    }

    pub(super) fn permission(&mut self, model: &Snapshot, permission: &str) -> Result<(), ConfigError> {
        model.check_permission(permission)?;
        self.permissions.insert(permission.into());
        Ok(())
    }

    /// Whether the model has everything that is asked for. Without a name that a rule forbids, nothing would be
    /// forbidden any more.
    pub(super) fn check(&self, model: &Snapshot) -> Result<(), ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(self.roles.iter().filter_map(|role| model.check_role(role).err()));
        errors.extend(
            self.permissions.iter().filter_map(|permission| model.check_permission(permission).err()),
        );
        errors.into_result(())
    }
}
