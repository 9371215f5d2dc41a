//! What is wrong with roles as they are written down.

use std::collections::{HashMap, HashSet};

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError};

use super::definition::{RoleDefinition, RoleModelBuilder};
use crate::nearest;

/// The most roles of a model.
pub const MAX_ROLES: usize = 1024;

/// The most different permissions of a model.
pub const MAX_PERMISSIONS: usize = 4096;

/// The most includes and permissions of all roles of a model together.
pub const MAX_GRANTS: usize = 65_536;

/// The longest name of a role or a permission, in octets.
pub const MAX_NAME: usize = 256;

/// Everything but circles.
pub(super) fn check(model: &RoleModelBuilder) -> Vec<ConfigError> {
    let errors = sizes(model);
    if !errors.is_empty() {
        return errors;
    }
    let known: HashSet<&str> = model.roles.iter().map(|role| &*role.name).collect();
    let mut errors = names(model);
    errors.extend(duplicates(model));
    for role in &model.roles {
        for included in role.includes.iter().filter(|included| !known.contains(&***included)) {
            let hint = nearest::hint(included, known.iter().copied());
            let (role, included) = (Escaped::new(&role.name), Escaped::new(included));
            let message = format!("role `{role}` includes `{included}`, which is no role of the model{hint}");
            errors.push(ConfigError::new(ConfigCode::UnknownIncludedRole, message));
        }
    }
    errors
}

fn sizes(model: &RoleModelBuilder) -> Vec<ConfigError> {
    let grants = |role: &RoleDefinition| role.includes.len() + role.permits.len();
    let permissions: HashSet<&str> =
        model.roles.iter().flat_map(|role| &role.permits).map(AsRef::as_ref).collect();
    let sizes = [
        ("roles", model.roles.len(), MAX_ROLES),
        ("permissions", permissions.len(), MAX_PERMISSIONS),
        ("includes and permissions of all roles", model.roles.iter().map(grants).sum(), MAX_GRANTS),
    ];
    let too_large = sizes.into_iter().filter(|(_, size, limit)| size > limit);
    let error = |(what, size, limit)| {
        ConfigError::new(ConfigCode::RoleModelTooLarge, format!("{size} {what} are more than {limit}"))
    };
    too_large.map(error).collect()
}

fn names(model: &RoleModelBuilder) -> Vec<ConfigError> {
    let invalid = |message| ConfigError::new(ConfigCode::InvalidRoleName, message);
    let stray = model.stray.iter().map(|name| {
        invalid(format!("`{}` is included or permitted before any role is named", Escaped::new(name)))
    });
    let roles = model.roles.iter().flat_map(|role| std::iter::once(&role.name).chain(&role.permits));
    let mut seen = HashSet::new();
    let bad = roles.filter(|name| !is_name(name) && seen.insert(*name));
    let bad = bad.map(|name| {
        let shown: String = name.chars().take(64).collect();
        invalid(format!(
            "name `{}` is empty, longer than {MAX_NAME} octets, or has a control character",
            Escaped::new(&shown)
        ))
    });
    stray.chain(bad).collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control)
}

fn duplicates(model: &RoleModelBuilder) -> Vec<ConfigError> {
    let duplicate = |message| ConfigError::new(ConfigCode::DuplicateRole, message);
    let roles = repeated(model.roles.iter().map(|role| &role.name));
    let roles =
        roles.into_iter().map(|name| duplicate(format!("role `{}` is there twice", Escaped::new(name))));
    let mut errors: Vec<_> = roles.collect();
    for role in &model.roles {
        for (word, list) in [("includes", &role.includes), ("permits", &role.permits)] {
            errors.extend(repeated(list.iter()).into_iter().map(|name| {
                let (role, name) = (Escaped::new(&role.name), Escaped::new(name));
                duplicate(format!("role `{role}` {word} `{name}` twice"))
            }));
        }
    }
    errors
}

/// Each name that comes more than once, once.
fn repeated<'a>(names: impl Iterator<Item = &'a Box<str>>) -> Vec<&'a str> {
    let mut seen: HashMap<&str, u8> = HashMap::new();
    names
        .filter(|name| {
            let times = seen.entry(name).or_default();
            *times = times.saturating_add(1);
            *times == 2
        })
        .map(AsRef::as_ref)
        .collect()
}
