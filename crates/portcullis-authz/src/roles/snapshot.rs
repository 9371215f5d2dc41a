//! A role model as it is at one moment, with everything that follows from it.

use std::collections::HashMap;

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Principal};

use super::check::check;
use super::definition::RoleModelBuilder;
use crate::hierarchy::{Bits, Hierarchy};
use crate::meaning::{RoleMeaning, sorted};
use crate::nearest;

type Numbers = HashMap<Box<str>, usize, foldhash::fast::FixedState>;

/// A question takes one look-up for what is asked and one for each role of the caller, however many there are.
pub(super) struct Snapshot {
    pub(super) definition: RoleModelBuilder,
    roles: Numbers,
    permissions: Numbers,
    includes: Hierarchy,
    /// For each role what it and those that it includes permit.
    permits: Box<[Bits]>,
}

impl Snapshot {
    pub(super) fn new(definition: RoleModelBuilder) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(check(&definition));
        errors.into_result(())?;
        let roles: Numbers =
            definition.roles.iter().enumerate().map(|(number, role)| (role.name.clone(), number)).collect();
        let mut permissions = Numbers::default();
        for permission in definition.roles.iter().flat_map(|role| &role.permits) {
            let next = permissions.len();
            permissions.entry(permission.clone()).or_insert(next);
        }
        let numbers = |names: &[Box<str>], all: &Numbers| -> Vec<usize> {
            names.iter().filter_map(|name| all.get(name).copied()).collect()
        };
        let included: Vec<_> = definition.roles.iter().map(|role| numbers(&role.includes, &roles)).collect();
        let includes = Hierarchy::new(&included).map_err(|circles| cycles(&definition, &circles))?;
        let own = definition.roles.iter().map(|role| {
            let mut bits = Bits::new(permissions.len());
            numbers(&role.permits, &permissions).into_iter().for_each(|number| bits.set(number));
            bits
        });
        let own: Vec<Bits> = own.collect();
        let permits = (0..own.len()).map(|role| {
            let mut bits = Bits::new(permissions.len());
            let included = own.iter().enumerate().filter(|(other, _)| includes.includes(role, *other));
            included.for_each(|(_, own)| bits.add(own));
            bits
        });
        let permits = permits.collect();
        Ok(Self { roles, permissions, includes, permits, definition })
    }

    /// Whether one of the caller's roles is this one or includes it.
    pub(super) fn has_role(&self, caller: &Principal, role: &str) -> bool {
        let Some(asked) = self.roles.get(role) else { return false };
        self.known(caller).any(|held| self.includes.includes(held, *asked))
    }

    /// Whether one of the caller's roles has the permission.
    pub(super) fn permits(&self, caller: &Principal, permission: &str) -> bool {
        self.permission(caller, permission).unwrap_or(false)
    }

    /// The same; `None` if no role of the model has the permission.
    pub(super) fn permission(&self, caller: &Principal, permission: &str) -> Option<bool> {
        let asked = self.permissions.get(permission)?;
        Some(self.known(caller).any(|held| self.permits.get(held).is_some_and(|bits| bits.get(*asked))))
    }

    pub(super) fn knows_role(&self, role: &str) -> bool {
        self.roles.contains_key(role)
    }

    /// Each role with the others that it includes, and what it permits.
    pub(super) fn meanings(&self) -> Vec<RoleMeaning> {
        let roles = || self.definition.roles.iter().map(|role| &role.name).enumerate();
        let told = roles().map(|(number, name)| {
            let included =
                roles().filter(|(other, _)| *other != number && self.includes.includes(number, *other));
            let includes = included.map(|(_, name)| name.to_string()).collect();
            let own = self.permits.get(number);
            let permitted = self.permissions.iter().filter(|(_, bit)| own.is_some_and(|own| own.get(**bit)));
            let permits = permitted.map(|(name, _)| name.to_string()).collect();
            RoleMeaning { role: name.to_string(), includes: sorted(includes), permits: sorted(permits) }
        });
        told.collect()
    }

    /// The numbers of the caller's roles that the model has.
    fn known(&self, caller: &Principal) -> impl Iterator<Item = usize> {
        caller.roles().filter_map(|held| self.roles.get(held).copied())
    }

    pub(super) fn check_role(&self, role: &str) -> Result<(), ConfigError> {
        declared(&self.roles, role).map_err(|hint| {
            let message = format!("role `{}` is not in the role model{hint}", Escaped::new(role));
            ConfigError::new(ConfigCode::UndeclaredRole, message)
        })
    }

    pub(super) fn check_permission(&self, permission: &str) -> Result<(), ConfigError> {
        declared(&self.permissions, permission).map_err(|hint| {
            let message =
                format!("no role of the model has the permission `{}`{hint}", Escaped::new(permission));
            ConfigError::new(ConfigCode::UndeclaredPermission, message)
        })
    }
}

fn declared(all: &Numbers, name: &str) -> Result<(), String> {
    if all.contains_key(name) { Ok(()) } else { Err(nearest::hint(name, all.keys().map(AsRef::as_ref))) }
}

fn cycles(definition: &RoleModelBuilder, circles: &[Vec<usize>]) -> ConfigErrors {
    let mut errors = ConfigErrors::new();
    errors.extend(circles.iter().map(|circle| {
        let roles = circle.iter().filter_map(|number| definition.roles.get(*number));
        let names: Vec<String> = roles.map(|role| Escaped::new(&role.name).to_string()).collect();
        let first = names.first().map(String::as_str).unwrap_or_default();
        let message = format!("roles include one another: `{}` -> `{first}`", names.join("` -> `"));
        ConfigError::new(ConfigCode::RoleCycle, message)
    }));
    errors
}
