//! A small server: HTTP/1 and HTTP/2 with every wait bounded, and a shutdown that loses nothing.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::Clock;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::connection::{Deadlines, Phase};
use self::patience::{Pace, PatientStream};
use self::transport::Transport;
use crate::app::App;

pub(crate) use self::patience::TOO_SLOW;
pub use self::unread::{MAX_UNREAD_EVENTS, UNREAD_EVENT_INTERVAL, UnreadRequests};

mod connection;
mod offers;
mod patience;
mod requests;
mod transport;
mod unread;

/// How long a client may take to send the head of a request, and how long a connection may be idle.
pub const DEFAULT_HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may pause while it sends a body that is read, and be below [`DEFAULT_MIN_BODY_RATE`].
pub const DEFAULT_BODY_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How many octets a second a client must send of a body that is read.
pub const DEFAULT_MIN_BODY_RATE: u32 = 240;

/// How long a client may take no octet of what is written to it, and be below [`DEFAULT_MIN_WRITE_RATE`].
pub const DEFAULT_WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How many octets a second a client must take of what waits for it.
pub const DEFAULT_MIN_WRITE_RATE: u32 = 240;

/// How many connections are served at once; further ones wait in the listener's backlog.
pub const DEFAULT_MAX_CONNECTIONS: usize = 10_000;

/// How long requests in flight and the audit may take after the signal to shut down.
pub const DEFAULT_SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

/// How long accepting pauses after an error that concerns the whole process (such as too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

type Signal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves an [`App`]; await it to run it. If it is dropped, its connections end with it.
#[must_use = "a server does nothing until it is awaited"]
pub struct Serve {
    app: App,
    listener: TcpListener,
    transport: Transport,
    signal: Signal,
    deadlines: Deadlines,
    unread: UnreadRequests,
    max_connections: usize,
    shutdown_deadline: Duration,
}

impl Serve {
    pub(crate) fn new(app: App, listener: TcpListener) -> Self {
        Self {
            app,
            listener,
            transport: Transport::Plain,
            signal: Box::pin(std::future::pending()),
            deadlines: Deadlines {
                head: DEFAULT_HEADER_READ_TIMEOUT,
                body: Pace { pause: DEFAULT_BODY_READ_TIMEOUT, rate: Some(DEFAULT_MIN_BODY_RATE) },
                write: Pace { pause: DEFAULT_WRITE_TIMEOUT, rate: Some(DEFAULT_MIN_WRITE_RATE) },
            },
            unread: UnreadRequests::new(),
            max_connections: DEFAULT_MAX_CONNECTIONS,
            shutdown_deadline: DEFAULT_SHUTDOWN_DEADLINE,
        }
    }

    /// Stops accepting when the signal resolves, finishes what is in flight, drains the audit, and returns. What
    /// is still in flight at the [deadline](Self::with_shutdown_deadline) is given up, and recorded as aborted.
    /// By default, it runs for ever.
    pub fn with_graceful_shutdown(self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { signal: Box::pin(signal), ..self }
    }

    /// Sets how long a client may take to send the head of a request, the first one and each that follows. So
    /// it is also how long a connection may be idle; one of HTTP/2 that is not asked anything is closed after
    /// twice as long at the most. By default, this is [`DEFAULT_HEADER_READ_TIMEOUT`].
    pub fn with_header_read_timeout(mut self, timeout: Duration) -> Self {
        self.deadlines.head = timeout;
        self
    }

    /// Sets how long a client may pause while it sends a body that is read; an extractor that reads it whole (`Bytes`, `String`,
    /// `Json`, `Form`) then fails with 408, and whoever reads it in the handler finds an error. All its pauses together may be as
    /// long, and longer by a second for as many octets as the [least rate](Self::with_min_body_rate) says, of which no more is
    /// saved up than the longest pause. By default, this is [`DEFAULT_BODY_READ_TIMEOUT`].
    pub fn with_body_read_timeout(mut self, timeout: Duration) -> Self {
        self.deadlines.body.pause = timeout;
        self
    }

    /// Sets how many octets a second a client must send of a body that is read, at least one; else the extractor fails as
    /// it does for a [pause](Self::with_body_read_timeout). What is counted is the time for which the server waits, and a client is let off as much of it as the
    /// [longest pause](Self::with_body_read_timeout): a long upload goes on for as long as it keeps the rate, and one that
    /// drips ends soon after that pause. By default, this is [`DEFAULT_MIN_BODY_RATE`].
    pub fn with_min_body_rate(mut self, octets_per_second: u32) -> Self {
        self.deadlines.body.rate = Some(octets_per_second.max(1));
        self
    }

    /// Asks no rate of clients that send a body: for streams whose clients have little to say for long. By default, there
    /// is [one](DEFAULT_MIN_BODY_RATE).
    ///
    /// # What must protect instead
    /// A client that sends an octet now and then holds its connection and its request for as long as it likes. A proxy in
    /// front must bound how long a body may take, or the handler how long it reads.
    pub fn danger_no_min_body_rate(mut self) -> Self {
        self.deadlines.body.rate = None;
        self
    }

    /// Sets how long a client may take no octet of what is written to it, before its connection is closed. By
    /// default, this is [`DEFAULT_WRITE_TIMEOUT`]. For how long the application says nothing does not matter.
    pub fn with_write_timeout(mut self, timeout: Duration) -> Self {
        self.deadlines.write.pause = timeout;
        self
    }

    /// Sets how many octets a second a client must take of what waits for it, at least one, before its connection is
    /// closed. It is let off as much time as the [longest pause](Self::with_write_timeout); an event stream or a WebSocket
    /// whose client takes what there is may say as little as it likes. By default, this is [`DEFAULT_MIN_WRITE_RATE`].
    pub fn with_min_write_rate(mut self, octets_per_second: u32) -> Self {
        self.deadlines.write.rate = Some(octets_per_second.max(1));
        self
    }

    /// Sets how many connections are served at once, upgraded ones included, at least one. By default, this is
    /// [`DEFAULT_MAX_CONNECTIONS`].
    pub fn with_max_connections(self, max: usize) -> Self {
        Self { max_connections: max.clamp(1, Semaphore::MAX_PERMITS), ..self }
    }

    /// Sets how long requests in flight, and after them the audit, may take once the signal came. By default,
    /// this is [`DEFAULT_SHUTDOWN_DEADLINE`] for each.
    pub fn with_shutdown_deadline(self, deadline: Duration) -> Self {
        Self { shutdown_deadline: deadline, ..self }
    }

    /// Speaks TLS. Each connection has its handshake in its own task, counts among the connections from the beginning, and
    /// tells the layers what was agreed on, the client's certificate included. Changed files are taken over while the
    /// server runs. By default, it speaks plain HTTP, for a proxy in front.
    #[cfg(feature = "tls")]
    pub fn with_tls(self, tls: portcullis_tls::TlsAcceptor) -> Self {
        Self { transport: Transport::Tls(tls), ..self }
    }

    /// Counts the requests that hyper refuses by itself, because they are no HTTP: 400, 414 or 431 with an empty body. Keep it
    /// to read it while the server runs. Each also has its audit event, and so many a minute are
    /// [logged](MAX_UNREAD_EVENTS).
    #[must_use]
    pub fn unread_requests(&self) -> UnreadRequests {
        self.unread.clone()
    }

    async fn run(mut self) -> io::Result<()> {
        let connections = Arc::new(Semaphore::new(self.max_connections));
        let _upkeep = upkeep(&self.app);
        #[cfg(feature = "tls")]
        let _watch = self.transport.watch();
        // If this future is dropped, its connections end with it.
        let (phase, _) = watch::channel(Phase::Serving);
        loop {
            let accepted = async {
                let permit = Arc::clone(&connections).acquire_owned().await.map_err(io::Error::other)?;
                Ok((permit, self.listener.accept().await?))
            };
            let accepted: io::Result<_> = tokio::select! {
                accepted = accepted => accepted,
                () = &mut self.signal => break,
            };
            match accepted {
                Ok((permit, (stream, peer))) => {
                    let stream = PatientStream::new(stream, self.deadlines.write, Clock::system(), permit);
                    let (app, deadlines) = (self.app.clone(), self.deadlines);
                    let (transport, unread) = (self.transport.clone(), self.unread.clone());
                    tokio::spawn(transport.serve(app, stream, peer, deadlines, unread, phase.subscribe()));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "accepting a connection failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.listener);
        finish(&phase, self.shutdown_deadline).await;
        self.app.drain(self.shutdown_deadline).await.map_err(io::Error::other)
    }
}

/// The upkeep of what requests depend on, for as long as the set is kept.
fn upkeep(app: &App) -> JoinSet<()> {
    app.security().dependencies().filter_map(|dependency| dependency.upkeep()).collect()
}

/// Waits until every connection has ended, so that the event of each request is there.
async fn finish(phase: &watch::Sender<Phase>, deadline: Duration) {
    phase.send_replace(Phase::Finishing);
    if tokio::time::timeout(deadline, phase.closed()).await.is_ok() {
        return;
    }
    tracing::warn!("requests were still in flight at the shutdown deadline");
    phase.send_replace(Phase::Over);
    if tokio::time::timeout(deadline, phase.closed()).await.is_err() {
        tracing::error!("requests that were given up at the shutdown deadline do not end");
    }
}

impl IntoFuture for Serve {
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve").field("listener", &self.listener).finish_non_exhaustive()
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
