//! Roles, what they include and what they permit.

mod asked;
mod check;
mod definition;
#[cfg(feature = "toml")]
mod file;
mod load;
#[cfg(all(feature = "reload", feature = "toml"))]
mod look;
mod model;
mod snapshot;
#[cfg(feature = "reload")]
mod upkeep;

#[cfg(test)]
mod tests;

pub use self::check::{MAX_GRANTS, MAX_NAME, MAX_PERMISSIONS, MAX_ROLES};
pub use self::definition::RoleModelBuilder;
#[cfg(feature = "toml")]
pub use self::file::MAX_FILE;
pub use self::load::{LoadRoles, RoleModelError};
pub use self::model::{DEFAULT_RELOAD_DEADLINE, DEFAULT_RELOAD_INTERVAL, RoleModel};
