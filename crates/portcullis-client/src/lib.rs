#![doc = include_str!("../README.md")]

mod address;
mod breaker;
mod builder;
mod client;
mod error;
mod located;
mod tls;

pub use self::breaker::{Attempt, Breaker};
pub use self::builder::{
    DEFAULT_DEADLINE, DEFAULT_MAX_BODY, MAX_DEADLINE, MAX_HEADER_FIELDS, MAX_HEADER_OCTETS,
    OutboundClientBuilder,
};
pub use self::client::{Fetched, OutboundClient};
pub use self::error::ClientError;
pub use self::located::{LocatedUrl, METADATA_TTL};
