#![doc = include_str!("../README.md")]

mod authority;
mod cors;
mod edge;
pub mod forwarded;
mod origin;
mod proxies;
mod walk;

pub use self::cors::{
    Cors, CorsAnswer, CorsBuilder, DEFAULT_ALLOWED_HEADERS, DEFAULT_EXPOSED_HEADERS, DEFAULT_MAX_AGE,
    DEFAULT_METHODS,
};
pub use self::edge::{ClientAddressLayer, Edge};
pub use self::proxies::{ForwardingField, MAX_FORWARDED_ELEMENTS, TrustedProxies};
