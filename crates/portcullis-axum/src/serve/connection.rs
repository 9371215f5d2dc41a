//! One connection: what it waits for, and when it ends.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use portcullis_core::{Clock, ConnectionFacts};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::offers::Offers;
use super::patience::Pace;
use super::requests::{Requests, Traffic};
use super::unread::UnreadRequests;
use crate::app::App;

/// How many octets the head of a request may have. In HTTP/2 each field counts for 32 more (RFC 9113 §6.5.2).
const MAX_HEAD: u32 = 64 * 1024;

/// How many octets of an answer wait for each HTTP/2 stream whose client does not read.
const MAX_SEND_BUFFER: usize = 64 * 1024;

/// How long a client may take for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    pub(super) head: Duration,
    pub(super) body: Pace,
    pub(super) write: Pace,
}

/// The other end of a connection.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    /// What is known besides the address.
    pub(super) facts: Option<ConnectionFacts>,
}

impl Peer {
    pub(super) const fn plain(address: SocketAddr) -> Self {
        Self { address, facts: None }
    }

    fn connection(&self) -> ConnectionFacts {
        self.facts.clone().unwrap_or_else(|| ConnectionFacts::plain(self.address))
    }

    #[cfg(feature = "tls")]
    pub(super) const fn tls(address: SocketAddr, facts: ConnectionFacts) -> Self {
        Self { address, facts: Some(facts) }
    }
}

/// How far a server is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// What is in flight is finished.
    Finishing,
    /// What is still in flight is given up.
    Over,
}

/// Serves a connection until it ends, is idle for too long, or the server is over.
pub(super) async fn serve<IO>(
    app: App,
    stream: IO,
    peer: Peer,
    deadlines: Deadlines,
    unread: UnreadRequests,
    mut phase: watch::Receiver<Phase>,
) where
    IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(deadlines.head)
        .max_buf_size(MAX_HEAD as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(deadlines.head)
        .max_send_buf_size(MAX_SEND_BUFFER)
        .max_header_list_size(MAX_HEAD)
        .enable_connect_protocol();
    let offers = Offers::new(deadlines.write, Clock::system());
    let traffic = Traffic::new(phase.clone(), offers);
    let security = app.security().clone();
    let requests = Requests::new(app, peer.clone(), deadlines.body, traffic.clone());
    let service = TowerToHyperService::new(requests);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let (mut was_idle, mut is_stuck) = (false, false);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                // What goes wrong on a connection is the client's affair; each request has its audit event, also one that
                // hyper could not read.
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                    unread.note(&*error, &peer.connection(), &security);
                }
                return;
            }
            // An idle client is told first, for the sake of a request that is on its way.
            () = traffic.idle(deadlines.head) => {
                if std::mem::replace(&mut was_idle, true) {
                    return;
                }
                connection.as_mut().graceful_shutdown();
            }
            // Others may share the connection, behind a proxy: they finish what they have begun, and begin no more.
            () = traffic.is_not_taken(), if !is_stuck => {
                unread.note_stuck(peer.address);
                is_stuck = true;
                connection.as_mut().graceful_shutdown();
            }
            () = traffic.waits_for_windows_alone(), if is_stuck => return,
            changed = phase.changed() => match changed.map(|()| *phase.borrow_and_update()) {
                Ok(Phase::Serving) => {}
                Ok(Phase::Finishing) => connection.as_mut().graceful_shutdown(),
                Ok(Phase::Over) | Err(_) => return,
            },
        }
    }
}
