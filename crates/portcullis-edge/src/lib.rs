#![doc = include_str!("../README.md")]

mod authority;
mod client_certificate;
mod cors;
mod edge;
pub mod forwarded;
mod one_host;
mod origin;
mod path;
mod plain_http;
mod proxies;
mod walk;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use self::client_certificate::{ClientCertificateField, MAX_CERTIFICATE_OCTETS, MAX_CHAIN};
pub use self::cors::{
    Cors, CorsAnswer, CorsBuilder, CorsLayer, CorsService, DEFAULT_ALLOWED_HEADERS, DEFAULT_EXPOSED_HEADERS,
    DEFAULT_MAX_AGE, DEFAULT_METHODS, ResponseFuture, UpgradeOriginLayer, UpgradeOrigins,
};
pub use self::edge::{ClientAddressLayer, Edge};
pub use self::one_host::{OneHost, OneHostLayer};
pub use self::path::{PathPolicy, PathPolicyLayer};
pub use self::plain_http::{PlainHttp, PlainHttpLayer};
pub use self::proxies::{ForwardingField, MAX_FORWARDED_ELEMENTS, TrustedProxies};
