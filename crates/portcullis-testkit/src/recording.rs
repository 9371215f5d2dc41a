use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Extensions, HeaderMap, Method, Request, Response, Uri, Version};
use http_body_util::Full;
use portcullis_core::{Principal, Trail};
use tower_service::Service;

use crate::must::lock;

/// How many requests a [`RecordingService`] keeps; older ones are forgotten, but counted.
pub const MAX_RECORDED: usize = 1024;

/// Makes the response of a [`RecordingService`] to a request.
pub type Respond<B> = dyn Fn(&RecordedRequest) -> Response<B> + Send + Sync;

/// An inner service that remembers what reached it. Clones share one memory.
///
/// By default it answers 200 with the body `ok`.
///
/// ```
/// # use http::{Request, Response};
/// # use portcullis_testkit::RecordingService;
/// # use tower_service::Service;
/// let inner = RecordingService::new();
/// let mut stack = inner.clone(); // put your layers around the clone
///
/// # let waker = std::task::Waker::noop();
/// # let _ = Service::<Request<()>>::poll_ready(&mut stack, &mut std::task::Context::from_waker(waker));
/// stack.call(Request::get("/documents").body(()).unwrap());
/// assert_eq!(inner.calls(), 1);
/// assert_eq!(inner.last().unwrap().uri.path(), "/documents");
/// assert!(inner.last().unwrap().principal().is_none());
/// ```
pub struct RecordingService<B = Full<Bytes>> {
    shared: Arc<Shared<B>>,
    ready: bool,
}

struct Shared<B> {
    respond: Box<Respond<B>>,
    memory: Mutex<Memory<B>>,
}

struct Memory<B> {
    calls: usize,
    unready_calls: usize,
    requests: VecDeque<RecordedRequest>,
    script: VecDeque<Response<B>>,
}

/// The head of a request that reached the inner service.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The request target.
    pub uri: Uri,
    /// The HTTP version.
    pub version: Version,
    /// The header fields.
    pub headers: HeaderMap,
    /// The extensions, the Trail among them.
    pub extensions: Extensions,
}

impl RecordedRequest {
    /// The caller that authentication found.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        Trail::of(&self.extensions).ok()?.principal()
    }
}

impl RecordingService {
    /// A service that answers 200 with the body `ok`.
    #[must_use]
    pub fn new() -> Self {
        Self::responding(|_| Response::new(Full::new(Bytes::from_static(b"ok"))))
    }
}

impl Default for RecordingService {
    fn default() -> Self {
        Self::new()
    }
}

impl<B> RecordingService<B> {
    /// A service that answers by the function.
    #[must_use]
    pub fn responding(respond: impl Fn(&RecordedRequest) -> Response<B> + Send + Sync + 'static) -> Self {
        let memory =
            Memory { calls: 0, unready_calls: 0, requests: VecDeque::new(), script: VecDeque::new() };
        Self {
            shared: Arc::new(Shared { respond: Box::new(respond), memory: Mutex::new(memory) }),
            ready: false,
        }
    }

    /// Puts a response on the script: the calls to come take the script's responses in order, and those after
    /// its end are answered as before.
    #[must_use]
    pub fn then(self, response: Response<B>) -> Self {
        lock(&self.shared.memory).script.push_back(response);
        self
    }

    /// How often the service was called.
    #[must_use]
    pub fn calls(&self) -> usize {
        lock(&self.shared.memory).calls
    }

    /// How often a clone was called that had not been polled ready before: always a fault of the layer
    /// around it.
    #[must_use]
    pub fn unready_calls(&self) -> usize {
        lock(&self.shared.memory).unready_calls
    }

    /// The last [`MAX_RECORDED`] requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.shared.memory).requests.iter().cloned().collect()
    }

    /// The newest request.
    #[must_use]
    pub fn last(&self) -> Option<RecordedRequest> {
        lock(&self.shared.memory).requests.back().cloned()
    }
}

impl<A, B> Service<Request<A>> for RecordingService<B> {
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Ready<Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let (head, _) = request.into_parts();
        let request = RecordedRequest {
            method: head.method,
            uri: head.uri,
            version: head.version,
            headers: head.headers,
            extensions: head.extensions,
        };
        let scripted = {
            let mut memory = lock(&self.shared.memory);
            memory.calls += 1;
            memory.unready_calls += usize::from(!self.ready);
            if memory.requests.len() == MAX_RECORDED {
                memory.requests.pop_front();
            }
            memory.requests.push_back(request.clone());
            memory.script.pop_front()
        };
        self.ready = false;
        ready(Ok(scripted.unwrap_or_else(|| (self.shared.respond)(&request))))
    }
}

impl<B> Clone for RecordingService<B> {
    fn clone(&self) -> Self {
        // A clone of a ready service is not ready (tower's contract).
        Self { shared: Arc::clone(&self.shared), ready: false }
    }
}

impl<B> fmt::Debug for RecordingService<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingService").field("calls", &self.calls()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(service: &mut RecordingService, path: &str) -> Response<Full<Bytes>> {
        let request = Request::get(path).body(()).unwrap();
        service.call(request).into_inner().unwrap()
    }

    fn poll(service: &mut RecordingService) {
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(Service::<Request<()>>::poll_ready(service, &mut context).is_ready());
    }

    #[test]
    fn plays_the_script_then_answers_as_before() {
        let teapot = Response::builder().status(418).body(Full::default()).unwrap();
        let mut service = RecordingService::new().then(teapot);
        assert_eq!(call(&mut service, "/a").status(), 418);
        assert_eq!(call(&mut service, "/b").status(), 200);
        let paths: Vec<_> = service.requests().iter().map(|r| r.uri.path().to_owned()).collect();
        assert_eq!(paths, ["/a", "/b"]);
    }

    #[test]
    fn counts_calls_of_a_clone_that_was_not_polled_ready() {
        let mut service = RecordingService::new();
        poll(&mut service);
        call(&mut service.clone(), "/");
        assert_eq!(service.unready_calls(), 1);
        call(&mut service, "/");
        assert_eq!((service.calls(), service.unready_calls()), (2, 1));
    }

    #[test]
    fn forgets_the_oldest_request_at_the_limit() {
        let mut service = RecordingService::new();
        for n in 0..=MAX_RECORDED {
            call(&mut service, &format!("/{n}"));
        }
        assert_eq!(service.calls(), MAX_RECORDED + 1);
        assert_eq!(service.requests().len(), MAX_RECORDED);
        assert_eq!(service.requests()[0].uri.path(), "/1");
    }
}
