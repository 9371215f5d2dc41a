#![doc = include_str!("../README.md")]

mod builder;
mod carried;
mod gate;
mod inventory;
mod lint;
mod outer;
mod policy;
mod protect;
mod resource;
mod security;
mod shared_rule;
mod table;

pub use self::builder::{DEFAULT_REALM, SecurityBuilder};
pub use self::gate::{Gate, Pending, Progress};
pub use self::outer::{Opener, OuterService};
pub use self::policy::RoutePolicy;
pub use self::protect::{Dispatch, MatchedRoute, Protected, RouteList};
pub use self::resource::{DEFAULT_METADATA_MAX_AGE, MetadataRoute, ProtectedResource};
pub use self::security::{OuterLayer, Security};
pub use self::table::{RouteRow, RouteTable, SnapshotError, TableChange, TableDiff};
