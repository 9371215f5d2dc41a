//! A small server: HTTP/1 and HTTP/2 with every wait bounded, and a shutdown that loses nothing.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_service::Service;

use crate::app::App;

/// How long a client may take to send the head of a request.
pub const DEFAULT_HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How many connections are served at once; further ones wait in the listener's backlog.
pub const DEFAULT_MAX_CONNECTIONS: usize = 10_000;

/// How long requests in flight and the audit may take after the signal to shut down.
pub const DEFAULT_SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

/// How long accepting pauses after an error that concerns the whole process (such as too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

type Signal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves an [`App`]; await it to run it.
#[must_use = "a server does nothing until it is awaited"]
pub struct Serve {
    app: App,
    listener: TcpListener,
    signal: Signal,
    header_read_timeout: Duration,
    max_connections: usize,
    shutdown_deadline: Duration,
}

impl Serve {
    pub(crate) fn new(app: App, listener: TcpListener) -> Self {
        Self {
            app,
            listener,
            signal: Box::pin(std::future::pending()),
            header_read_timeout: DEFAULT_HEADER_READ_TIMEOUT,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            shutdown_deadline: DEFAULT_SHUTDOWN_DEADLINE,
        }
    }

    /// Stops accepting when the signal resolves, finishes what is in flight, drains the audit, and returns. By
    /// default, it runs for ever.
    pub fn with_graceful_shutdown(self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { signal: Box::pin(signal), ..self }
    }

    /// Sets how long a client may take to send the head of a request. By default, this is
    /// [`DEFAULT_HEADER_READ_TIMEOUT`].
    pub fn with_header_read_timeout(self, timeout: Duration) -> Self {
        Self { header_read_timeout: timeout, ..self }
    }

    /// Sets how many connections are served at once. By default, this is [`DEFAULT_MAX_CONNECTIONS`].
    pub fn with_max_connections(self, max: usize) -> Self {
        Self { max_connections: max, ..self }
    }

    /// Sets how long requests in flight, and after them the audit, may take once the signal came. By default,
    /// this is [`DEFAULT_SHUTDOWN_DEADLINE`] for each.
    pub fn with_shutdown_deadline(self, deadline: Duration) -> Self {
        Self { shutdown_deadline: deadline, ..self }
    }

    async fn run(mut self) -> io::Result<()> {
        let connections = Arc::new(Semaphore::new(self.max_connections));
        let graceful = GracefulShutdown::new();
        loop {
            let permit = Arc::clone(&connections).acquire_owned();
            let accepted = async {
                let permit = permit.await;
                (permit, self.listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                accepted = accepted => accepted,
                () = &mut self.signal => break,
            };
            match accepted {
                Ok((stream, peer)) => self.connection(stream, peer, &graceful, permit.ok()),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "accepting a connection failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.listener);
        if tokio::time::timeout(self.shutdown_deadline, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still in flight at the shutdown deadline");
        }
        self.app.drain(self.shutdown_deadline).await.map_err(io::Error::other)
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        graceful: &GracefulShutdown,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.header_read_timeout);
        builder.http2().timer(TokioTimer::new()).enable_connect_protocol();
        let service = TowerToHyperService::new(Connection { app: self.app.clone(), peer });
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // What goes wrong on a connection is the client's affair; each request has its audit event.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop(permit);
        });
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

/// The application for one connection: it knows the peer.
#[derive(Clone)]
struct Connection {
    app: App,
    peer: SocketAddr,
}

impl Service<Request<Incoming>> for Connection {
    type Response = <App as Service<Request<Body>>>::Response;
    type Error = <App as Service<Request<Body>>>::Error;
    type Future = <App as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.app.call(request)
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
