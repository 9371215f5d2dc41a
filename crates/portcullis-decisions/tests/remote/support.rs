//! An engine of the tests' own.

use std::error::Error;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use portcullis_authz::engine::{DecisionPoint, Question};
use portcullis_client::OutboundClient;
use portcullis_core::{CredentialMethod, Decision, Principal};
use portcullis_decisions::DEFAULT_MAX_ANSWER;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, fields: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }
}

type Answer = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// Listens on a free port of 127.0.0.1 until it is dropped.
pub(crate) struct Engine {
    shared: Arc<Shared>,
    pub(crate) url: String,
    task: AbortHandle,
}

struct Shared {
    answer: Mutex<Answer>,
    asked: Mutex<Vec<Asked>>,
    /// How many requests are cut off in place of an answer.
    cut: Mutex<usize>,
    held: watch::Sender<bool>,
    arrived: watch::Sender<usize>,
}

impl Engine {
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            answer: Mutex::new(Arc::new(answer)),
            asked: Mutex::default(),
            cut: Mutex::default(),
            held: watch::Sender::new(false),
            arrived: watch::Sender::new(0),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Self { shared, url, task }
    }

    /// An AuthZEN decision point that always says this.
    pub(crate) async fn saying(decision: bool) -> Self {
        Self::start(move |_| Reply::json(200, &json!({ "decision": decision }))).await
    }

    pub(crate) fn answer_with(&self, reply: Reply) {
        *self.shared.answer.lock().unwrap() = Arc::new(move |_| reply.clone());
    }

    /// Closes the connections of the next requests without an answer.
    pub(crate) fn cut(&self, requests: usize) {
        *self.shared.cut.lock().unwrap() = requests;
    }

    /// Takes requests and does not answer.
    pub(crate) fn hold(&self) {
        self.shared.held.send_replace(true);
    }

    pub(crate) fn release(&self) {
        self.shared.held.send_replace(false);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.shared.asked.lock().unwrap().len()
    }

    pub(crate) async fn wait_for_calls(&self, count: usize) {
        self.shared.arrived.subscribe().wait_for(|arrived| *arrived >= count).await.unwrap();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((socket, _)) = accepted {
                connections.spawn(serve(socket, Arc::clone(&shared)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(socket: TcpStream, shared: Arc<Shared>) {
    let answer = |request| answer(request, Arc::clone(&shared));
    // An error of the service closes the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer)).await;
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Box<dyn Error + Send + Sync>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let asked = Asked {
        method: head.method,
        target: head.uri.to_string(),
        headers: head.headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    let answer = Arc::clone(&shared.answer.lock().unwrap());
    shared.asked.lock().unwrap().push(asked.clone());
    shared.arrived.send_modify(|arrived| *arrived += 1);
    {
        let mut cut = shared.cut.lock().unwrap();
        if *cut > 0 {
            *cut -= 1;
            return Err("cut off".into());
        }
    }
    let _ = shared.held.subscribe().wait_for(|held| !*held).await;
    let reply = answer(&asked);
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.fields {
        response = response.header(*name, value);
    }
    Ok(response.body(Full::new(reply.body))?)
}

/// One client for many: reading the system's roots takes long.
pub(crate) fn http() -> OutboundClient {
    static HTTP: OnceLock<OutboundClient> = OnceLock::new();
    let build = || {
        let minute = Duration::from_secs(60);
        let limits = OutboundClient::builder().with_deadline(minute).with_max_body(DEFAULT_MAX_ANSWER);
        limits.insecure_allow_loopback_http().build().unwrap()
    };
    HTTP.get_or_init(build).clone()
}

pub(crate) fn alice() -> Principal {
    Principal::builder("alice", CredentialMethod::Jwt).role("editor").build()
}

/// Whether alice may read document 1.
pub(crate) async fn ask(point: &impl DecisionPoint) -> Decision {
    ask_about(point, "1").await
}

pub(crate) async fn ask_about(point: &impl DecisionPoint, id: &str) -> Decision {
    let alice = alice();
    Question::new(&alice, "read", "document", id).put_to(point).resolve().await
}

/// The decision, if nobody has to be asked for it.
#[track_caller]
pub(crate) fn ask_now(point: &impl DecisionPoint) -> Decision {
    let alice = alice();
    Question::new(&alice, "read", "document", "1").put_to(point).done().expect("it waits")
}

#[track_caller]
pub(crate) fn check_failure(decision: &Decision, why: &str) {
    let status = decision.reason().problem().map(|problem| problem.status().as_u16());
    assert!(!decision.is_allowed() && status == Some(503), "{decision:?}");
    assert!(decision.detail().unwrap().contains(why), "{decision:?}");
}
