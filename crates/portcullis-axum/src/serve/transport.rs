//! What stands between the socket and HTTP.

use std::net::SocketAddr;

#[cfg(feature = "tls")]
use portcullis_tls::{TlsAcceptor, Watch};
use tokio::sync::watch;

use super::connection::{self, Deadlines, Peer, Phase};
use super::patience::PatientStream;
use super::unread::UnreadRequests;
use crate::app::App;

/// How clients are spoken with.
#[derive(Clone)]
pub(super) enum Transport {
    Plain,
    #[cfg(feature = "tls")]
    Tls(TlsAcceptor),
}

impl Transport {
    /// Serves a connection until it ends, its handshake first. It has its place among the connections meanwhile.
    pub(super) async fn serve(
        self,
        app: App,
        stream: PatientStream,
        peer: SocketAddr,
        deadlines: Deadlines,
        unread: UnreadRequests,
        phase: watch::Receiver<Phase>,
    ) {
        match self {
            Self::Plain => connection::serve(app, stream, Peer::plain(peer), deadlines, unread, phase).await,
            #[cfg(feature = "tls")]
            Self::Tls(acceptor) => {
                let mut phase = phase;
                let accepted = tokio::select! {
                    accepted = acceptor.accept(stream, Some(peer)) => accepted,
                    // Nothing is in flight yet that could be lost.
                    _ = phase.changed() => return,
                };
                // The acceptor has counted and noted why there is no connection.
                if let Ok(stream) = accepted {
                    let peer = Peer::tls(peer, stream.facts().clone());
                    connection::serve(app, stream, peer, deadlines, unread, phase).await;
                }
            }
        }
    }

    /// Looks after files that change, for as long as it is kept.
    #[cfg(feature = "tls")]
    pub(super) fn watch(&self) -> Option<Watch> {
        match self {
            Self::Plain => None,
            Self::Tls(acceptor) => Some(acceptor.spawn_watch()),
        }
    }
}
