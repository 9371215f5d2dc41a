//! The server: clients that say nothing, too little, or read nothing, and a shutdown that waits for nobody.

mod windows;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use hyper_util::rt::TokioIo;
use portcullis_audit::{MemorySink, Outcome};
use portcullis_axum::{Routes, Serve, get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::Bench;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

const QUICK: Duration = Duration::from_millis(50);

const GET: &str = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

struct Served {
    address: SocketAddr,
    events: MemorySink,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn new(routes: Routes, change: impl FnOnce(Serve) -> Serve) -> Self {
        let routes = routes.route("/health", get(async || "healthy").public("probe"));
        let bench = Bench::new(routes);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = change(bench.app.serve(listener)).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        Self { address, events: bench.events, stop, server: tokio::spawn(server.into_future()) }
    }

    async fn send(&self, octets: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(octets).await.unwrap();
        stream
    }

    async fn stop(self) -> MemorySink {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.server).await.expect("the server ends").unwrap().unwrap();
        self.events
    }
}

/// What the server says until it closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut read = Vec::new();
    // A reset is a way to close, too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut read)).await.expect("the server closes");
    String::from_utf8_lossy(&read).into_owned()
}

/// What the server says up to this text.
async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&read).contains(end) {
            read.push(stream.read_u8().await.unwrap());
        }
    };
    timeout(PATIENCE, reading).await.expect("the server answers");
    String::from_utf8_lossy(&read).into_owned()
}

/// RFC 9112 §2.2: hyper answers, without content; the server counts and records.
#[tokio::test]
async fn what_is_no_http_is_counted_and_has_an_event() {
    let mut unread = None;
    let served = Served::new(Routes::new(), |server| {
        unread = Some(server.unread_requests());
        server
    })
    .await;
    let unread = unread.unwrap();
    let mut sent = 0;
    for (octets, status) in [
        ("GARBAGE\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: x\r\nX: s3c\0ret\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(70_000)), "431"),
        // After a good request, on the same connection.
        (format!("{GET}GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n"), "400"),
    ] {
        let answer = rest(served.send(octets.as_bytes()).await).await;
        let last = answer.rsplit("HTTP/1.1 ").next().unwrap();
        assert!(last.starts_with(status) && last.ends_with("\r\n\r\n"), "{answer}");
        sent += 1;
    }
    // These are no faults of HTTP: nothing was sent, and a head that is not finished.
    drop(served.send(b"").await);
    let mut cut_short = served.send(b"GET / HT").await;
    cut_short.shutdown().await.unwrap();
    rest(cut_short).await;
    let events = served.stop().await.events();
    assert_eq!(unread.count(), sent);
    let refused: Vec<_> = events.iter().filter(|event| event.reason().is_some()).collect();
    assert_eq!((refused.len() as u64, events.len() as u64), (sent, sent + 1));
    for event in refused {
        assert_eq!(event.reason().unwrap().code(), "malformed_request");
        assert_eq!((event.method(), event.path(), event.outcome()), ("", "", Outcome::Answered));
        assert_eq!(event.client().ip().unwrap().to_string(), "127.0.0.1");
        assert!([400, 431].contains(&event.status().unwrap().as_u16()));
        let detail = event.decisions()[0].detail.as_deref().unwrap().to_owned();
        assert!(!detail.is_empty() && !detail.contains("s3c"), "{detail}");
    }
}

#[tokio::test]
async fn a_client_that_never_finishes_a_head_makes_room_for_another() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let idle = [preface.as_slice(), &settings].concat();
    for silent in [b"".as_slice(), b"P", b"GET / HT", &preface[..20], preface, &idle] {
        let quick = |server: Serve| server.with_header_read_timeout(QUICK).with_max_connections(1);
        let served = Served::new(Routes::new(), quick).await;
        let silent = served.send(silent).await;
        let mut next = served.send(GET.as_bytes()).await;
        assert!(until(&mut next, "healthy").await.starts_with("HTTP/1.1 200"));
        rest(silent).await;
    }
}

#[tokio::test]
async fn a_request_in_flight_is_not_idle() {
    let entered = Arc::new(Semaphore::new(0));
    let release = Arc::new(Semaphore::new(0));
    let (handler_entered, handler_release) = (Arc::clone(&entered), Arc::clone(&release));
    let slow = move || {
        let (entered, release) = (Arc::clone(&handler_entered), Arc::clone(&handler_release));
        async move {
            entered.add_permits(1);
            release.acquire().await.unwrap().forget();
            "done"
        }
    };
    let routes = Routes::new().route("/slow", get(slow).public("test"));
    let served = Served::new(routes, |server| server.with_header_read_timeout(QUICK)).await;
    let mut stream = served.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    entered.acquire().await.unwrap().forget();
    // Longer than a connection may be idle.
    assert!(timeout(QUICK * 5, stream.read_u8()).await.is_err());
    release.add_permits(1);
    until(&mut stream, "done").await;
}

/// RFC 9110 §15.5.9.
#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let routes = || {
        Routes::new()
            .route("/text", post(async |_: String| "all").public("test"))
            .route("/json", post(async |_: Json<Vec<u8>>| "all").public("test"))
    };
    for path in ["/text", "/json"] {
        let served = Served::new(routes(), |server| server.with_body_read_timeout(QUICK)).await;
        let head = "HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4";
        let answer = served.send(format!("POST {path} {head}\r\n\r\n[1").as_bytes()).await;
        check_too_slow(&served, &rest(answer).await);
    }
}

#[track_caller]
fn check_too_slow(served: &Served, answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("no-store"), "{answer}");
    let event = served.events.events().pop().unwrap();
    assert_eq!((event.outcome(), event.status().unwrap().as_u16()), (Outcome::Answered, 408));
    assert_eq!(event.reason().unwrap().code(), "body_too_slow");
}

/// No pause is long, and all of them together are.
#[tokio::test]
async fn a_body_that_drips_is_not_waited_for() {
    let routes = Routes::new().route("/body", post(async |_: String| "all").public("test"));
    let served = Served::new(routes, |server| server.with_body_read_timeout(QUICK)).await;
    let mut stream = served.send(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n").await;
    let mut first = [0];
    let dripping = async {
        // An octet for each fifth of the longest pause.
        while timeout(QUICK / 5, stream.read_exact(&mut first)).await.is_err() {
            stream.write_all(b"x").await.unwrap();
        }
    };
    timeout(PATIENCE, dripping).await.expect("the server answers");
    let answer = rest(stream).await;
    check_too_slow(&served, &format!("H{answer}"));
}

/// Nothing waits for the client: the application says little.
#[tokio::test]
async fn an_event_stream_and_an_upgraded_connection_may_be_silent() {
    let (say, said) = mpsc::channel::<&'static str>(1);
    let said = Arc::new(Mutex::new(Some(said)));
    let events = move || {
        let mut said = said.lock().unwrap().take().unwrap();
        let stream =
            stream::poll_fn(move |cx| said.poll_recv(cx).map(|event| event.map(Ok::<_, Infallible>)));
        async { Response::new(Body::from_stream(stream)) }
    };
    let (send, mut upgraded) = mpsc::channel(1);
    let upgrade = move |request: Request| {
        let send = send.clone();
        async move {
            tokio::spawn(async move { send.send(hyper::upgrade::on(request).await.unwrap()).await.unwrap() });
            let response = Response::builder().status(101).header("connection", "upgrade");
            response.header("upgrade", "x").body(Body::empty()).unwrap()
        }
    };
    let routes =
        Routes::new().route("/events", get(events).public("test")).route("/up", get(upgrade).public("test"));
    let served = Served::new(routes, |server| {
        let server = server.with_body_read_timeout(QUICK).with_write_timeout(QUICK);
        server.with_min_body_rate(u32::MAX).with_min_write_rate(u32::MAX)
    })
    .await;
    let mut listener = served.send(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n").await;
    until(&mut listener, "\r\n\r\n").await;
    let mut tunnel =
        served.send(b"GET /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").await;
    until(&mut tunnel, "\r\n\r\n").await;
    let mut inside = TokioIo::new(upgraded.recv().await.unwrap());
    for event in ["data: 1", "data: 2"] {
        assert!(timeout(QUICK * 3, listener.read_u8()).await.is_err(), "nothing is said, and nothing closed");
        say.send(event).await.unwrap();
        until(&mut listener, &format!("{event}\r\n")).await;
        inside.write_all(event.as_bytes()).await.unwrap();
        until(&mut tunnel, event).await;
        tunnel.write_all(b"x").await.unwrap();
        assert_eq!(timeout(PATIENCE, inside.read_u8()).await.unwrap().unwrap(), b'x');
    }
}

/// A body without end that tells when it is dropped.
struct Endless(Arc<Semaphore>);

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 64 * 1024])))))
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off() {
    let gone = Arc::new(Semaphore::new(0));
    let tell = Arc::clone(&gone);
    let endless = move || {
        let body = Endless(Arc::clone(&tell));
        async { Response::new(Body::new(body)) }
    };
    let routes = Routes::new().route("/endless", get(endless).public("test"));
    let served = Served::new(routes, |server| server.with_write_timeout(QUICK)).await;
    let deaf = served.send(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await;
    timeout(PATIENCE, gone.acquire()).await.expect("the body is given up").unwrap().forget();
    drop(deaf);
}

#[tokio::test]
async fn an_upgraded_connection_still_counts() {
    let (send, mut upgraded) = mpsc::channel(1);
    let upgrade = move |request: Request| {
        let send = send.clone();
        async move {
            tokio::spawn(async move { send.send(hyper::upgrade::on(request).await.unwrap()).await.unwrap() });
            let response = Response::builder().status(101).header("connection", "upgrade");
            response.header("upgrade", "x").body(Body::empty()).unwrap()
        }
    };
    let routes = Routes::new().route("/up", get(upgrade).public("test"));
    let served = Served::new(routes, |server| server.with_max_connections(1)).await;
    let mut first =
        served.send(b"GET /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").await;
    assert!(until(&mut first, "\r\n\r\n").await.starts_with("HTTP/1.1 101"));
    let tunnel = upgraded.recv().await.unwrap();
    let mut second = served.send(GET.as_bytes()).await;
    assert!(timeout(QUICK, second.read_u8()).await.is_err(), "there is no room");
    drop(tunnel);
    until(&mut second, "healthy").await;
}

#[tokio::test]
async fn what_is_in_flight_at_the_deadline_is_given_up_and_recorded_before_the_server_ends() {
    for second in [false, true] {
        let entered = Arc::new(Semaphore::new(0));
        let handler_entered = Arc::clone(&entered);
        let endless = move || {
            let entered = Arc::clone(&handler_entered);
            async move {
                entered.add_permits(1);
                std::future::pending::<()>().await;
            }
        };
        let routes = Routes::new().route("/endless", get(endless).public("test"));
        let served = Served::new(routes, |server| server.with_shutdown_deadline(QUICK)).await;
        let request = match second {
            false => b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            true => windows::second_version("/endless", 65_535),
        };
        let client = served.send(&request).await;
        timeout(PATIENCE, entered.acquire()).await.expect("the handler is reached").unwrap().forget();
        let events = served.stop().await.events();
        assert_eq!(events.iter().map(|event| event.outcome()).collect::<Vec<_>>(), [Outcome::Aborted]);
        drop(client);
    }
}

#[tokio::test]
async fn any_number_of_connections_can_be_allowed() {
    for max in [0, usize::MAX] {
        let served = Served::new(Routes::new(), |server| server.with_max_connections(max)).await;
        let mut stream = served.send(GET.as_bytes()).await;
        until(&mut stream, "healthy").await;
        drop(stream);
        served.stop().await;
    }
}
