#![doc = include_str!("../README.md")]

mod acceptor;
mod builder;
mod counts;
mod error;
mod facts;
mod files;
mod handshakes;
mod identity;
mod listener;
mod names;
mod plain;
mod rewind;
mod server_config;
mod stream;
mod watch;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use self::acceptor::TlsAcceptor;
pub use self::builder::{
    DEFAULT_HANDSHAKE_TIMEOUT, DEFAULT_MAX_HANDSHAKES, DEFAULT_RELOAD_INTERVAL, TlsBuilder,
};
pub use self::counts::TlsCounts;
pub use self::error::{HandshakeError, HandshakeFailure};
pub use self::files::MAX_FILE_LEN;
pub use self::listener::TlsListener;
pub use self::plain::{MAX_PLAIN_EVENTS, MAX_PLAIN_HEAD, PLAIN_EVENT_INTERVAL, PlainRequests};
pub use self::server_config::ClientAuth;
pub use self::stream::TlsStream;
pub use self::watch::Watch;
