//! One service and one future for all duties.

use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context as TaskContext, Poll, ready};

use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use portcullis::Principal;
use smallvec::SmallVec;
use tower::Service;

use super::Duties;
use super::journal::{Begun, Outcome};
use super::token::Claims;

/// What is known of a request: one extension, shared by whoever asks.
#[derive(Clone)]
pub(super) struct Context(Arc<Shared>);

#[derive(Default)]
struct Shared {
    caller: OnceLock<Principal>,
    claims: OnceLock<Arc<Claims>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    notes: SmallVec<[&'static str; 3]>,
    /// A router of one's own would say it.
    route: Option<Arc<str>>,
    fields: Vec<(HeaderName, HeaderValue)>,
}

impl Context {
    pub(super) fn knows(&self, caller: Principal) {
        let _ = self.0.caller.set(caller);
    }

    pub(super) fn claims(&self, claims: Arc<Claims>) {
        let _ = self.0.claims.set(claims);
    }

    pub(super) fn caller(&self) -> Option<&Principal> {
        self.0.caller.get()
    }

    pub(super) fn note(&self, reason: &'static str) {
        self.0.state.lock().expect("nobody panics").notes.push(reason);
    }

    pub(super) fn note_with_fields<const N: usize>(
        &self,
        reason: &'static str,
        fields: [(HeaderName, HeaderValue); N],
    ) {
        let mut state = self.0.state.lock().expect("nobody panics");
        state.notes.push(reason);
        state.fields.extend(fields);
    }

    /// What was decided, and which route matched.
    pub(super) fn said(&self) -> (SmallVec<[&'static str; 3]>, Option<Arc<str>>) {
        let mut state = self.0.state.lock().expect("nobody panics");
        (mem::take(&mut state.notes), state.route.take())
    }

    fn fields(&self) -> Vec<(HeaderName, HeaderValue)> {
        mem::take(&mut self.0.state.lock().expect("nobody panics").fields)
    }
}

#[derive(Clone, Copy)]
pub(super) enum Verdict {
    Admitted,
    Unknown,
    TooMany,
    Unrecorded,
    Panicked,
}

#[derive(Clone)]
pub(super) struct ByHand<S> {
    inner: S,
    duties: Arc<Duties>,
}

impl<S> ByHand<S> {
    pub(super) fn new(inner: S, duties: Arc<Duties>) -> Self {
        Self { inner, duties }
    }
}

impl<S> Service<Request<Body>> for ByHand<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let context = Context(Arc::default());
        request.extensions_mut().insert(context.clone());
        let mut begun = None;
        if let Some(journal) = &self.duties.journal {
            begun = journal.open(&request);
            if begun.is_none() {
                return Answer { state: Progress::Refused(Verdict::Unrecorded), context, begun };
            }
        }
        let state = match self.duties.decide(&request, &context) {
            Verdict::Admitted if begun.is_some() => {
                let called = catch_unwind(AssertUnwindSafe(|| self.inner.call(request)));
                called.map_or(Progress::Refused(Verdict::Panicked), Progress::Forwarded)
            }
            Verdict::Admitted => Progress::Forwarded(self.inner.call(request)),
            refused => Progress::Refused(refused),
        };
        Answer { state, context, begun }
    }
}

enum Progress<F> {
    Forwarded(F),
    Refused(Verdict),
}

pub(super) struct Answer<F> {
    state: Progress<F>,
    context: Context,
    begun: Option<Begun>,
}

impl<F> Future for Answer<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>> + Unpin,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut outcome = Outcome::Answered;
        let mut response = match &mut this.state {
            Progress::Forwarded(future) if this.begun.is_some() => {
                match catch_unwind(AssertUnwindSafe(|| Pin::new(future).poll(cx))) {
                    Ok(polled) => {
                        let Ok(response) = ready!(polled);
                        response
                    }
                    Err(_) => {
                        outcome = Outcome::Panicked;
                        refusal(Verdict::Panicked)
                    }
                }
            }
            Progress::Forwarded(future) => {
                let Ok(response) = ready!(Pin::new(future).poll(cx));
                response
            }
            Progress::Refused(verdict) => {
                if matches!(verdict, Verdict::Panicked) {
                    outcome = Outcome::Panicked;
                }
                refusal(*verdict)
            }
        };
        for (name, value) in this.context.fields() {
            response.headers_mut().append(name, value);
        }
        if let Some(begun) = this.begun.take() {
            begun.end(&this.context, outcome, Some(response.status()));
        }
        Poll::Ready(Ok(response))
    }
}

/// The client went away before the answer was there.
impl<F> Drop for Answer<F> {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            begun.end(&self.context, Outcome::Aborted, None);
        }
    }
}

/// The same octets each time.
fn refusal(verdict: Verdict) -> Response<Body> {
    let (status, name, value, body) = match verdict {
        Verdict::TooMany => {
            let body = r#"{"type":"https://example.com/problems/rate_limited","title":"Too many requests","status":429}"#;
            (StatusCode::TOO_MANY_REQUESTS, RETRY_AFTER, "86400", body)
        }
        Verdict::Unrecorded => {
            let body =
                r#"{"type":"https://example.com/problems/unavailable","title":"Unavailable","status":503}"#;
            (StatusCode::SERVICE_UNAVAILABLE, RETRY_AFTER, "1", body)
        }
        Verdict::Panicked => {
            let body =
                r#"{"type":"https://example.com/problems/internal","title":"Internal error","status":500}"#;
            (StatusCode::INTERNAL_SERVER_ERROR, CACHE_CONTROL, "no-store", body)
        }
        Verdict::Unknown | Verdict::Admitted => {
            let body =
                r#"{"type":"https://example.com/problems/unauthorized","title":"Unauthorized","status":401}"#;
            (StatusCode::UNAUTHORIZED, WWW_AUTHENTICATE, r#"Bearer realm="api""#, body)
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}
