//! Connections over TLS for `axum::serve`.

use std::io;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use portcullis_core::ConnectionFacts;
use portcullis_tls::{TlsListener, TlsStream};
use tokio::net::TcpStream;

/// Connections over TLS for `axum::serve`, together with
/// [`App::into_make_service_with_tls_info`](crate::App::into_make_service_with_tls_info).
///
/// It has the bounds of its [`TlsListener`] and those of `axum::serve`, which are none: connections are not counted, and
/// nobody waits for a client with an end. [`App::serve`](crate::App::serve) bounds both.
#[derive(Debug)]
pub struct TlsIncoming(TlsListener);

impl TlsIncoming {
    /// The connections of the listener.
    #[must_use]
    pub const fn new(listener: TlsListener) -> Self {
        Self(listener)
    }
}

impl Listener for TlsIncoming {
    type Io = TlsStream<TcpStream>;
    type Addr = TlsPeer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let stream = self.0.accept().await;
        let peer = TlsPeer(stream.facts().clone());
        (stream, peer)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr().map(ConnectionFacts::plain).map(TlsPeer)
    }
}

/// The other end of a connection of [`TlsIncoming`], for axum's `ConnectInfo`.
#[derive(Clone, Debug)]
pub struct TlsPeer(ConnectionFacts);

impl TlsPeer {
    /// What the server knows of the connection.
    #[must_use]
    pub const fn facts(&self) -> &ConnectionFacts {
        &self.0
    }
}

impl Connected<IncomingStream<'_, TlsIncoming>> for TlsPeer {
    fn connect_info(stream: IncomingStream<'_, TlsIncoming>) -> Self {
        stream.remote_addr().clone()
    }
}
