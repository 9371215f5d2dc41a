#![doc = include_str!("../README.md")]

mod builder;
mod caller;
mod cedar;
mod decide;
mod explain;
mod index;
mod links;
mod parse;
mod policies;
mod reload;
mod resource;
mod schema;
mod shape;
mod source;
mod watch;

pub use self::builder::{CedarBuilder, DEFAULT_MAX_OCTETS, DEFAULT_MAX_POLICIES, DEFAULT_POLL_INTERVAL};
pub use self::cedar::Cedar;
pub use self::reload::Reloaded;
pub use self::resource::{ENTITIES, PARENTS};
pub use self::source::MAX_FILES;
pub use self::watch::Watch;
