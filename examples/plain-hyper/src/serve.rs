//! A server in which every wait has an end.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use portcullis::core::ConnectionFacts;
use portcullis::prelude::Security;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::app::Notes;

/// How long requests in flight, and after them the audit, may take once the program is told to stop.
pub(crate) const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

/// How long a client may take for the head of a request, and be idle between two.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection lasts at the most: the wait for its first octets has no end of its own.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(600);

/// How many connections are served at once; further ones wait in the listener's backlog.
const MAX_CONNECTIONS: usize = 10_000;

/// How long accepting pauses after an error, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` resolves, then finishes what is in flight.
pub(crate) async fn serve(
    listener: TcpListener,
    notes: Notes<Incoming>,
    security: &Security,
    stop: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    let farewell = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    let stopped = loop {
        let accepted = tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => accepted,
            Some(_) = connections.join_next() => continue,
            stopped = &mut stop => break stopped,
        };
        match accepted {
            Ok((stream, peer)) => {
                let served = connection(stream, peer, notes.clone(), security.clone(), farewell.watcher());
                connections.spawn(served);
            }
            Err(error) => {
                eprintln!("accepting a connection failed: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    };
    drop(listener);
    if timeout(SHUTDOWN_DEADLINE, farewell.shutdown()).await.is_err() {
        eprintln!("requests were still in flight at the shutdown deadline");
    }
    // What is given up has its audit event too, and the audit is drained after this.
    connections.shutdown().await;
    stopped
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    notes: Notes<Incoming>,
    security: Security,
    watcher: Watcher,
) {
    // The server says who is at the other end; without it, nobody is believed to be anybody.
    let notes = notes.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectionFacts::plain(peer));
        request
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEADER_READ_TIMEOUT);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(notes));
    match timeout(MAX_CONNECTION_AGE, watcher.watch(connection.into_owned())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => match refused_unread(&*error) {
            // hyper has answered; no layer knows.
            Some(status) => {
                security.record_unread(&ConnectionFacts::plain(peer), status, error.to_string());
            }
            None => eprintln!("connection ended: {error}"),
        },
        Err(_) => eprintln!("connection ended: it has lasted long enough"),
    }
}

/// How hyper answered a request that is no HTTP.
fn refused_unread(error: &(dyn Error + 'static)) -> Option<StatusCode> {
    let error = error.downcast_ref::<hyper::Error>().filter(|error| error.is_parse())?;
    let too_large = error.is_parse_too_large();
    Some(if too_large { StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE } else { StatusCode::BAD_REQUEST })
}

#[cfg(test)]
mod tests {
    use portcullis::prelude::ApiKeySet;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    use super::*;
    use crate::app;

    #[tokio::test]
    async fn answers_until_it_is_told_to_stop_and_then_ends_idle_connections() {
        let security = app::security(ApiKeySet::new([]).unwrap()).unwrap();
        let notes = app::notes(&security).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.map_err(io::Error::other) };
        let kept = security.clone();
        let server = tokio::spawn(async move { serve(listener, notes, &kept, stopped).await });

        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: notes.example\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 200");

        // What is no HTTP is refused by hyper, and recorded all the same.
        let mut garbage = TcpStream::connect(address).await.unwrap();
        garbage.write_all(b"GARBAGE\r\n\r\n").await.unwrap();
        let mut refused = String::new();
        garbage.read_to_string(&mut refused).await.unwrap();
        assert!(refused.starts_with("HTTP/1.1 400"));

        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with(b"ok\n"));
        assert!(TcpStream::connect(address).await.is_err());
        security.drain(SHUTDOWN_DEADLINE).await.unwrap();
        assert_eq!(security.audit().recorded(), 2);
    }
}
