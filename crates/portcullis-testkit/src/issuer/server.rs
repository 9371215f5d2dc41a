//! The issuer's documents on loopback.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::body::{Body, json, whole};
use super::fault::ProviderFault;
use crate::must::{lock, must};

/// Answers GET requests to a few paths, until it is dropped.
pub(crate) struct Server {
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    documents: Documents,
    mode: watch::Sender<Mode>,
    requests: watch::Sender<HashMap<String, usize>>,
    scripted: Mutex<HashMap<String, Scripted>>,
    unchanged: AtomicUsize,
}

#[derive(Clone)]
enum Scripted {
    Fault(ProviderFault),
    Response(Response<Full<Bytes>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Up,
    Holding,
    Down,
}

/// Makes the document of a path; `None` is 404.
pub(crate) type Documents = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl Server {
    /// Listens on a free port of 127.0.0.1, which the documents are told.
    pub(crate) async fn start(documents: impl FnOnce(u16) -> Documents) -> Self {
        let listener = must(TcpListener::bind("127.0.0.1:0").await, "no port is free");
        let port = must(listener.local_addr(), "no local address").port();
        let shared = Arc::new(Shared {
            documents: documents(port),
            mode: watch::Sender::new(Mode::Up),
            requests: watch::Sender::new(HashMap::new()),
            scripted: Mutex::new(HashMap::new()),
            unchanged: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Self { shared, task }
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        self.shared.mode.send_replace(mode);
    }

    pub(crate) fn script(&self, path: &str, response: Response<Full<Bytes>>) {
        lock(&self.shared.scripted).insert(path.to_owned(), Scripted::Response(response));
    }

    pub(crate) fn fail(&self, path: &str, fault: ProviderFault) {
        lock(&self.shared.scripted).insert(path.to_owned(), Scripted::Fault(fault));
    }

    pub(crate) fn unchanged(&self) -> usize {
        self.shared.unchanged.load(Ordering::Relaxed)
    }

    pub(crate) fn unscript(&self) {
        lock(&self.shared.scripted).clear();
    }

    pub(crate) fn requests(&self) -> usize {
        self.shared.requests.borrow().values().sum()
    }

    pub(crate) fn requests_to(&self, path: &str) -> usize {
        self.shared.requests.borrow().get(path).copied().unwrap_or_default()
    }

    pub(crate) async fn wait_for_requests(&self, count: usize) {
        let mut requests = self.shared.requests.subscribe();
        let arrived = requests.wait_for(|paths| paths.values().sum::<usize>() >= count).await;
        must(arrived.map(drop), "the server is gone");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ending this future ends the connections too: they live in its set.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut mode = shared.mode.subscribe();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) if *mode.borrow() != Mode::Down => {
                    connections.spawn(serve(socket, Arc::clone(&shared)));
                }
                _ => {}
            },
            changed = mode.changed() => {
                if changed.is_err() {
                    return;
                }
                if *mode.borrow_and_update() == Mode::Down {
                    connections.abort_all();
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(socket: TcpStream, shared: Arc<Shared>) {
    let answer = |request| answer(request, Arc::clone(&shared));
    // A client that hangs up is no failure of a test.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer)).await;
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Body>, Outage> {
    let path = request.uri().path().to_owned();
    shared.requests.send_modify(|paths| *paths.entry(path.clone()).or_default() += 1);
    let mode = shared.mode.subscribe().wait_for(|mode| *mode != Mode::Holding).await.map(|mode| *mode);
    if !matches!(mode, Ok(Mode::Up)) {
        return Err(Outage);
    }
    let scripted = lock(&shared.scripted).get(&path).cloned();
    let document = || (shared.documents)(&path);
    match scripted {
        Some(Scripted::Response(response)) => Ok(response.map(whole)),
        Some(Scripted::Fault(fault)) => fault.answer(document().unwrap_or_default()),
        None => Ok(document().map_or_else(not_found, |document| current(&request, &shared, document))),
    }
}

/// RFC 9110 §13.1.2: the document with its entity tag, or 304 for whoever has it.
fn current(request: &Request<Incoming>, shared: &Shared, document: String) -> Response<Body> {
    let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, document.as_bytes()));
    let etag = must(HeaderValue::from_str(&format!("\"{hash}\"")), "no entity tag");
    let is_known = request.headers().get(IF_NONE_MATCH) == Some(&etag);
    let mut response = if is_known {
        shared.unchanged.fetch_add(1, Ordering::Relaxed);
        let mut response = Response::new(whole(Full::default()));
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        json(document)
    };
    response.headers_mut().insert(ETAG, etag);
    response
}

fn not_found() -> Response<Body> {
    let mut response = Response::new(whole(Full::default()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Makes hyper close the connection without an answer.
#[derive(Debug)]
pub(crate) struct Outage;

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server is down")
    }
}

impl std::error::Error for Outage {}
