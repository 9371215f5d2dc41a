#![doc = include_str!("../README.md")]

mod app;
mod claims;
mod endpoint;
#[cfg(feature = "tls")]
mod incoming;
mod methods;
mod rejection;
mod router;
mod routes;
mod sealed;
mod serve;

pub use self::app::App;
pub use self::claims::Claims;
pub use self::endpoint::{Endpoint, ServiceEndpoint};
#[cfg(feature = "tls")]
pub use self::incoming::{TlsIncoming, TlsPeer};
pub use self::methods::{
    Guarded, HasRule, Unguarded, any, connect, delete, get, head, options, patch, post, put, service,
};
pub use self::router::SecureRouter;
pub use self::routes::Routes;
pub use self::serve::{
    DEFAULT_BODY_READ_TIMEOUT, DEFAULT_HEADER_READ_TIMEOUT, DEFAULT_MAX_CONNECTIONS,
    DEFAULT_SHUTDOWN_DEADLINE, DEFAULT_WRITE_TIMEOUT, Serve,
};
