#![doc = include_str!("../README.md")]

mod app;
mod arguments;
mod authorized;
mod checked;
mod claims;
mod content;
mod endpoint;
mod entry;
mod guarded;
#[cfg(feature = "tls")]
mod incoming;
mod inquiry;
mod methods;
mod rejection;
mod router;
mod routes;
mod sealed;
mod serve;
mod unguarded;

#[cfg(feature = "macros")]
#[doc(inline)]
pub use portcullis_macros::authorize;

pub use self::app::App;
pub use self::arguments::{Carries, TakesProof};
pub use self::authorized::{Annotation, Authorized};
pub use self::checked::{Checked, Content};
pub use self::claims::Claims;
pub use self::endpoint::{Endpoint, ServiceEndpoint};
pub use self::guarded::{DeclareGuards, Guarded, HasRule};
#[cfg(feature = "tls")]
pub use self::incoming::{TlsIncoming, TlsPeer};
pub use self::inquiry::Questions;
pub use self::methods::{any, connect, delete, get, head, options, patch, post, put, service};
pub use self::router::SecureRouter;
pub use self::routes::Routes;
pub use self::serve::{
    DEFAULT_BODY_READ_TIMEOUT, DEFAULT_HEADER_READ_TIMEOUT, DEFAULT_MAX_CONNECTIONS, DEFAULT_MIN_BODY_RATE,
    DEFAULT_MIN_WRITE_RATE, DEFAULT_SHUTDOWN_DEADLINE, DEFAULT_WRITE_TIMEOUT, MAX_UNREAD_EVENTS, Serve,
    UNREAD_EVENT_INTERVAL, UnreadRequests,
};
pub use self::unguarded::Unguarded;

/// What `#[authorize(..)]` writes.
#[doc(hidden)]
pub mod __private {
    pub use portcullis_stack::RoutePolicy;

    pub use crate::authorized::{Annotation, Authorized};
}
