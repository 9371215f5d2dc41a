//! One request to the application, and its answer.

use std::error::Error;
use std::fmt::Debug;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use hyper::body::Body;
use portcullis_core::ConnectionFacts;
use tower_service::Service;

use super::answer::Answer;
use super::persona::Persona;
use super::target::Content;

/// Fields by which some frameworks let a client change the method after the fact.
const OVERRIDES: [HeaderName; 4] = [
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-method-override"),
    HeaderName::from_static("x-method"),
];

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) persona: &'a Persona,
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) content: Option<&'a Content>,
    /// The method that fields of the request claim it to be.
    pub(super) disguise: Option<&'a Method>,
}

/// The application, whatever its bodies are.
pub(super) struct Application {
    call: Box<Call>,
    deadline: Duration,
    asked: u32,
}

type Call = dyn Fn(Request<Bytes>) -> Pin<Box<dyn Future<Output = Result<Answer, String>>>>;

impl Application {
    pub(super) fn new<S, B, R>(app: S, deadline: Duration) -> Self
    where
        S: Service<Request<B>, Response = Response<R>> + Clone + 'static,
        S::Error: Debug,
        B: From<Bytes> + 'static,
        R: Body,
        R::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let call: Box<Call> = Box::new(move |request| {
            let mut app = app.clone();
            Box::pin(async move {
                let broken = |error| format!("the service failed: {error:?}");
                poll_fn(|cx| app.poll_ready(cx)).await.map_err(broken)?;
                Answer::of(app.call(request.map(B::from)).await.map_err(broken)?).await
            })
        });
        Self { call, deadline, asked: 0 }
    }

    /// Asks; every request comes from a client of its own on this machine, so that limits per client do not answer in
    /// place of the rules.
    pub(super) async fn ask(&mut self, question: &Question<'_>) -> Result<Answer, String> {
        self.asked = self.asked.wrapping_add(1);
        let [_, b, c, d] = self.asked.to_be_bytes();
        let peer = SocketAddr::from(([127, b, c, d], 50_000));
        let request = Request::builder().method(&question.method).uri(question.path).body(Bytes::new());
        let (mut parts, mut body) =
            request.map_err(|error| format!("`{}`: {error}", question.path))?.into_parts();
        parts.extensions.insert(ConnectionFacts::plain(peer));
        parts.headers.insert(HOST, HeaderValue::from_static("localhost"));
        if let Some(content) = question.content {
            body = content.announce(&mut parts);
        }
        if let Some(disguise) = question.disguise {
            for field in OVERRIDES {
                let value = HeaderValue::from_str(disguise.as_str()).map_err(|error| error.to_string())?;
                parts.headers.insert(field, value);
            }
        }
        question.persona.prepare(&mut parts);
        within(self.deadline, "no answer", (self.call)(Request::from_parts(parts, body))).await?
    }
}

/// Waits for at most that long.
pub(super) async fn within<T>(
    deadline: Duration,
    otherwise: &str,
    wait: impl Future<Output = T>,
) -> Result<T, String> {
    let waited = tokio::time::timeout(deadline, wait).await;
    waited.map_err(|_| format!("{otherwise} within {deadline:?}"))
}
