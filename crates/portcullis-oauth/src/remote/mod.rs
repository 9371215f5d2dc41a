//! Key sets fetched over HTTPS, by discovery or from a URL.
//!
//! ```
//! use portcullis_core::Clock;
//! use portcullis_oauth::remote::RemoteKeys;
//! use portcullis_oauth::{Issuer, JwtBearer};
//!
//! // Nothing is fetched here: a server that is down does not keep this one from starting.
//! # let root = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../portcullis-client/src/client/root.pem"));
//! # let client = portcullis_client::OutboundClient::builder().with_root_pem(root).build()?;
//! let issuer = Issuer::new("https://login.example.com")
//!     .audience("https://api.example.com")
//!     .keys(RemoteKeys::discover().with_client(client));
//! assert!(JwtBearer::issuer(issuer).build(&Clock::system()).is_ok());
//! # Ok::<(), portcullis_core::ConfigErrors>(())
//! ```
//!
//! Customised: a key set at a fixed URL that changes rarely, known before the first request. Refused: plain HTTP.
//!
//! ```
//! use std::time::Duration;
//! use portcullis_core::Clock;
//! use portcullis_oauth::keys::KeySourceContext;
//! use portcullis_oauth::remote::RemoteKeys;
//!
//! # let root = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../portcullis-client/src/client/root.pem"));
//! # let client = portcullis_client::OutboundClient::builder().with_root_pem(root).build()?;
//! # let at = |url: &str| RemoteKeys::at(url).with_client(client.clone());
//! # #[cfg(any())]
//! let at = RemoteKeys::at;
//! let context = KeySourceContext::new("https://login.example.com", Clock::system());
//! let keys = at("https://login.example.com/keys").with_ttl(Duration::from_secs(3600)).build(&context)?;
//! assert!(!keys.is_ready()); // `keys.prefetch().await` makes it so
//!
//! let refused = at("http://login.example.com/keys").build(&context).unwrap_err();
//! assert_eq!(refused.codes().collect::<Vec<_>>(), ["P602"]);
//! # Ok::<(), portcullis_core::ConfigErrors>(())
//! ```
//!
//! # How it decides
//!
//! 1. Nothing is fetched before the first request (or [`RemoteKeySet::prefetch`]). That request waits, and those that
//!    come meanwhile wait for the same fetch: there is never more than one. A waiter that goes away harms nobody.
//! 2. A wait ends after [`DEFAULT_WAIT`], and at most [`DEFAULT_MAX_WAITERS`] wait: the others are answered 503 with
//!    `Retry-After`, as are all while no keys can be had. After a failed first fetch the next one is made no sooner
//!    than [`RETRY_PAUSE`] later.
//! 3. Discovery asks for `/.well-known/openid-configuration` after the issuer's path (OpenID Connect Discovery §4),
//!    and if there is none (4xx), for `/.well-known/oauth-authorization-server` before it (RFC 8414 §3.1). Unless
//!    `issuer` in the document is exactly the configured one, nothing of it is used (RFC 8414 §3.3). Its lists of
//!    algorithms are not read: they can neither widen nor narrow what is allowed here.
//! 4. Keys are fresh for [`DEFAULT_TTL`], or as long as `Cache-Control: max-age` says if that is shorter, but at least
//!    [`MIN_TTL`]. After that they are fetched anew in the background, and requests go on with the known ones.
//! 5. A fetch that fails changes nothing, until the keys are older than [`DEFAULT_MAX_AGE`]: then 503. What a fetch
//!    brings is the truth: keys that are gone from the set no longer verify.
//! 6. A `kid` that is not in the set makes the set be fetched once more, at most once per [`DEFAULT_COOLDOWN`],
//!    whatever other names come. If that fetch fails, nobody knows whether the key exists: 503. If it brings no such
//!    key: 401.
//! 7. A known `kid` in a fresh set is found without a lock and without waiting.

mod error;
mod fetcher;
mod flight;
mod key_set;
mod metadata;
mod settings;

pub use self::error::RemoteError;
pub use self::key_set::RemoteKeySet;
pub use self::metadata::MAX_METADATA_OCTETS;
pub use self::settings::{
    DEFAULT_COOLDOWN, DEFAULT_MAX_AGE, DEFAULT_MAX_WAITERS, DEFAULT_TTL, DEFAULT_WAIT, MIN_COOLDOWN, MIN_TTL,
    RETRY_PAUSE, RemoteKeys,
};

#[cfg(test)]
mod tests;
