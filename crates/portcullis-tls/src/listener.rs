//! A listener whose connections have their handshake behind them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::acceptor::TlsAcceptor;
use crate::error::HandshakeError;
use crate::stream::TlsStream;

/// How long accepting pauses after an error that concerns the whole process (such as too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections and does their handshakes beside each other, for servers other than that of `portcullis-axum`.
///
/// Handshakes go on while [`accept`](Self::accept) is awaited and are bounded: as many as the acceptor allows are under
/// way, as many wait for their turn, and further connections stay in the backlog. How many connections are served at once
/// is the caller's to bound. If it is dropped, handshakes under way end with it.
#[derive(Debug)]
pub struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: JoinSet<Result<TlsStream<TcpStream>, HandshakeError>>,
}

impl TlsListener {
    /// Accepts from the listener. Reloading is not its business: see [`TlsAcceptor::spawn_watch`].
    #[must_use]
    pub fn new(listener: TcpListener, acceptor: TlsAcceptor) -> Self {
        Self { listener, acceptor, handshakes: JoinSet::new() }
    }

    /// The next connection whose handshake is done. Connections that fail are left out: they are counted, and noted by
    /// `tracing`. Nothing is lost if the future is dropped.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn accept(&mut self) -> TlsStream<TcpStream> {
        loop {
            let has_room = self.handshakes.len() < self.acceptor.max_handshakes().saturating_mul(2);
            tokio::select! {
                Some(done) = self.handshakes.join_next() => {
                    // A task can only fail by a panic, of which tokio has told by now.
                    if let Ok(Ok(stream)) = done {
                        return stream;
                    }
                }
                accepted = self.listener.accept(), if has_room => self.begin(accepted).await,
            }
        }
    }

    /// The address that clients connect to.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What does the handshakes.
    #[must_use]
    pub const fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    async fn begin(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted {
            Ok((stream, peer)) => {
                let acceptor = self.acceptor.clone();
                self.handshakes.spawn(async move { acceptor.accept(stream, Some(peer)).await });
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
