//! An introspection endpoint of one's own (RFC 7662).

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::must::{lock, must};

/// The most that is read of a request.
const MAX_BODY: usize = 256 * 1024;

/// Tells of opaque tokens, on a free port of 127.0.0.1, until it is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use portcullis_testkit::TestIntrospection;
///
/// let server = TestIntrospection::start().await;
/// server.activate("token-1", serde_json::json!({ "sub": "alice" }));
/// // ... let the code under test ask `server.url()`, then:
/// server.revoke("token-1"); // `active: false`, or
/// server.answer_with(500, "text/plain", "down"); // no answer at all
/// assert!(server.requests().is_empty());
/// # });
/// ```
pub struct TestIntrospection {
    shared: Arc<Shared>,
    url: String,
    task: AbortHandle,
}

/// A request that arrived.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IntrospectionRequest {
    /// The method.
    pub method: Method,
    /// The header fields.
    pub headers: HeaderMap,
    /// The parameters of the form, decoded; of two with one name, the last.
    pub form: BTreeMap<String, String>,
}

#[derive(Default)]
struct Script {
    active: HashMap<String, Value>,
    fixed: Option<Answer>,
    signer: Option<Signer>,
    requests: Vec<IntrospectionRequest>,
}

#[derive(Clone)]
struct Answer {
    status: u16,
    content_type: String,
    body: Bytes,
}

type Signer = Arc<dyn Fn(Value) -> String + Send + Sync>;

struct Shared {
    script: Mutex<Script>,
    arrived: watch::Sender<usize>,
    held: watch::Sender<bool>,
    down: watch::Sender<bool>,
}

impl TestIntrospection {
    /// Starts an endpoint that knows no token. Needs a tokio runtime.
    pub async fn start() -> Self {
        let listener = must(TcpListener::bind("127.0.0.1:0").await, "no port is free");
        let port = must(listener.local_addr(), "no local address").port();
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            arrived: watch::Sender::new(0),
            held: watch::Sender::new(false),
            down: watch::Sender::new(false),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Self { shared, url: format!("http://127.0.0.1:{port}/introspect"), task }
    }

    /// The URL of the endpoint.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers `active: true` and these members for the token from now on.
    pub fn activate(&self, token: &str, members: Value) {
        lock(&self.shared.script).active.insert(token.to_owned(), members);
    }

    /// Answers `active: false` for the token from now on, as for every token that it does not know.
    pub fn revoke(&self, token: &str) {
        lock(&self.shared.script).active.remove(token);
    }

    /// Answers every request so from now on.
    pub fn answer_with(&self, status: u16, content_type: &str, body: impl Into<Bytes>) {
        let answer = Answer { status, content_type: content_type.to_owned(), body: body.into() };
        lock(&self.shared.script).fixed = Some(answer);
    }

    /// Answers by tokens again, after [`answer_with`](Self::answer_with).
    pub fn answer_as_usual(&self) {
        lock(&self.shared.script).fixed = None;
    }

    /// Answers with a JWT (RFC 9701) that the function makes of what would be answered.
    pub fn sign_by(&self, sign: impl Fn(Value) -> String + Send + Sync + 'static) {
        lock(&self.shared.script).signer = Some(Arc::new(sign));
    }

    /// Takes requests and decides about them, but does not answer before [`release`](Self::release).
    pub fn hold(&self) {
        self.shared.held.send_replace(true);
    }

    /// Answers what was held.
    pub fn release(&self) {
        self.shared.held.send_replace(false);
    }

    /// Closes all connections, also those to come, without an answer.
    pub fn go_down(&self) {
        self.shared.down.send_replace(true);
    }

    /// Answers again, after [`go_down`](Self::go_down).
    pub fn come_up(&self) {
        self.shared.down.send_replace(false);
    }

    /// The requests that arrived, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<IntrospectionRequest> {
        lock(&self.shared.script).requests.clone()
    }

    /// Waits until that many requests have arrived.
    pub async fn wait_for_requests(&self, count: usize) {
        let mut arrived = self.shared.arrived.subscribe();
        must(arrived.wait_for(|arrived| *arrived >= count).await.map(drop), "the server is gone");
    }
}

impl IntrospectionRequest {
    /// Id and secret of HTTP Basic as they stand there, form-encoded still (RFC 6749 §2.3.1).
    #[must_use]
    pub fn basic(&self) -> Option<(String, String)> {
        let value = self.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
        let text = String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?;
        text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
    }
}

impl Drop for TestIntrospection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for TestIntrospection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIntrospection").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Ending this future ends the connections too: they live in its set.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut down = shared.down.subscribe();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((socket, _)) = accepted && !*down.borrow() {
                connections.spawn(serve(socket, Arc::clone(&shared)));
            },
            changed = down.changed() => {
                if changed.is_err() {
                    return;
                }
                if *down.borrow_and_update() {
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

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let form = form(&String::from_utf8_lossy(&body));
    let decided = {
        let mut script = lock(&shared.script);
        let answer = script.decide(form.get("token").map(String::as_str).unwrap_or_default());
        script.requests.push(IntrospectionRequest { method: head.method, headers: head.headers, form });
        answer
    };
    shared.arrived.send_modify(|arrived| *arrived += 1);
    let _ = shared.held.subscribe().wait_for(|held| !*held).await;
    let response =
        Response::builder().status(decided.status).header(CONTENT_TYPE, decided.content_type.as_str());
    Ok(must(response.body(Full::new(decided.body)), "this is no response"))
}

impl Script {
    fn decide(&self, token: &str) -> Answer {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let mut said = json!({ "active": false });
        if let Some(Value::Object(members)) = self.active.get(token) {
            said = json!({ "active": true });
            if let Value::Object(said) = &mut said {
                said.extend(members.clone());
            }
        }
        let (content_type, body) = match &self.signer {
            None => ("application/json", said.to_string()),
            Some(sign) => ("application/token-introspection+jwt", sign(said)),
        };
        Answer { status: 200, content_type: content_type.to_owned(), body: body.into() }
    }
}

fn form(body: &str) -> BTreeMap<String, String> {
    let parameters = body.split('&').filter_map(|parameter| parameter.split_once('='));
    parameters.map(|(name, value)| (decode(name), decode(value))).collect()
}

fn decode(text: &str) -> String {
    let mut octets = text.bytes();
    let mut decoded = Vec::new();
    let digit = |octet: Option<u8>| octet.and_then(|octet| char::from(octet).to_digit(16)).unwrap_or(0);
    while let Some(octet) = octets.next() {
        decoded.push(match octet {
            b'+' => b' ',
            b'%' => u8::try_from(digit(octets.next()) << 4 | digit(octets.next())).unwrap_or_default(),
            other => other,
        });
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
