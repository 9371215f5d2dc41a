//! Role models in TOML.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};
use serde::Deserialize;

use super::definition::{RoleDefinition, RoleModelBuilder};
use super::model::{RoleModel, Source};
use super::snapshot::Snapshot;

/// The largest file with a role model, in octets.
pub const MAX_FILE: u64 = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    roles: BTreeMap<Box<str>, Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    #[serde(default)]
    includes: Vec<Box<str>>,
    #[serde(default)]
    permits: Vec<Box<str>>,
}

impl RoleModel {
    /// Reads a model from TOML.
    ///
    /// ```
    /// use portcullis_authz::RoleModel;
    ///
    /// let model = RoleModel::from_toml(r#"
    ///     [roles.viewer]
    ///     permits = ["documents:read"]
    ///
    ///     [roles.editor]
    ///     includes = ["viewer"]
    ///     permits = ["documents:write"]
    /// "#)?;
    /// assert!(RoleModel::from_toml("[roles.editor]\nincldes = []").is_err());
    /// # Ok::<(), portcullis_core::ConfigErrors>(())
    /// ```
    ///
    /// # Errors
    /// `P227` if it is no TOML of that form or larger than [`MAX_FILE`], else as [`RoleModelBuilder::build`].
    pub fn from_toml(text: &str) -> Result<Self, ConfigErrors> {
        parse(text)?.build()
    }

    /// Reads a model from a TOML file, which [`reload`](Self::reload) reads again.
    ///
    /// Change it by writing a new file beside it and renaming that. A file that is written in place is half there for a
    /// while, and TOML that is cut short at the end of a line may be a model with fewer roles: while requests are served it is
    /// taken only once two readings in a row, an [interval](Self::with_reload_interval) apart, find the same.
    ///
    /// # Errors
    /// `P227` if the file cannot be read, else as [`from_toml`](Self::from_toml).
    pub fn from_toml_file(path: impl AsRef<Path>) -> Result<Self, ConfigErrors> {
        let path = path.as_ref();
        Ok(Self::new(Snapshot::new(read(path)?)?, Some(Source::File(path.into()))))
    }
}

pub(super) fn read(path: &Path) -> Result<RoleModelBuilder, ConfigErrors> {
    parse_octets(path, &octets(path)?)
}

/// What the file holds, or so much of it that it is seen to be too large.
pub(super) fn octets(path: &Path) -> Result<Vec<u8>, ConfigErrors> {
    let mut octets = Vec::new();
    let file = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut octets));
    file.map_err(|error| unreadable(format!("`{}`: {error}", path.display())))?;
    Ok(octets)
}

pub(super) fn parse_octets(path: &Path, octets: &[u8]) -> Result<RoleModelBuilder, ConfigErrors> {
    let text = std::str::from_utf8(octets);
    parse(text.map_err(|error| unreadable(format!("`{}`: {error}", path.display())))?)
}

fn parse(text: &str) -> Result<RoleModelBuilder, ConfigErrors> {
    if text.len() as u64 > MAX_FILE {
        return Err(unreadable(format!("the model is larger than {MAX_FILE} octets")));
    }
    let document: Document = toml::from_str(text).map_err(|error| {
        let place = error.span().map(|span| line(text, span.start)).unwrap_or_default();
        unreadable(format!("{place}{}", Escaped::new(error.message())))
    })?;
    let roles = document.roles.into_iter().map(|(name, role)| RoleDefinition {
        name,
        includes: role.includes,
        permits: role.permits,
    });
    Ok(RoleModelBuilder { roles: roles.collect(), stray: Vec::new() })
}

fn line(text: &str, octet: usize) -> String {
    let before = text.get(..octet).unwrap_or_default();
    format!("line {}: ", before.matches('\n').count() + 1)
}

fn unreadable(message: String) -> ConfigErrors {
    ConfigError::new(ConfigCode::RoleModelUnreadable, message).into()
}
