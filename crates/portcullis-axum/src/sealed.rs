//! The seal around a handler: the gate is asked before the handler's future is made.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use pin_project_lite::pin_project;
use portcullis_core::{Denial, OwnAnswer, RefusedRequest, RequestView, Trail};
use portcullis_stack::{Gate, Progress, RoutePolicy};

use crate::endpoint::Endpoint;
use crate::rejection::OwnFields;

/// A handler behind its gate. It is put around the handler before axum erases it, so it costs no allocation.
#[derive(Clone)]
pub(crate) struct Sealed<E> {
    pub(crate) gate: Gate,
    /// The policy that the endpoint carries; the gate enforces it.
    pub(crate) carried: Option<&'static RoutePolicy>,
    pub(crate) endpoint: E,
}

/// Tells axum's blanket implementations apart from ours.
pub(crate) struct Seal<T>(T);

impl<E, T, S> Handler<Seal<T>, S> for Sealed<E>
where
    E: Endpoint<T, S>,
    S: Clone + Send + Sync + 'static,
    T: 'static,
{
    type Future = SealFuture<E::Future>;

    fn call(self, mut request: Request, state: S) -> Self::Future {
        self.gate.prepare(&mut request);
        let (progress, refused) = match RequestView::of(&request) {
            Ok(view) => (self.gate.start(&view), view.refused()),
            Err(denial) => (Progress::Done(Err(denial)), RefusedRequest::of(&request)),
        };
        match progress {
            Progress::Done(Ok(())) => {
                let_through(&mut request, &self.gate, self.carried);
                SealFuture::running(self.endpoint.call(request, state), self.gate, refused)
            }
            Progress::Done(Err(denial)) => {
                SealFuture::refused(self.gate.refuse().answer(denial, request, &refused))
            }
            Progress::Wait(pending) => SealFuture::waiting(async move {
                let (parts, body) = request.into_parts();
                match self.gate.finish(pending, &parts).await {
                    Err(denial) => {
                        self.gate.refuse().answer(denial, Request::from_parts(parts, body), &refused)
                    }
                    Ok(()) => {
                        let mut request = Request::from_parts(parts, body);
                        let_through(&mut request, &self.gate, self.carried);
                        rendered(self.endpoint.call(request, state).await, &self.gate, &refused)
                    }
                }
            }),
        }
    }
}

pin_project! {
    /// The response of a sealed handler.
    pub(crate) struct SealFuture<Fut> {
        #[pin]
        state: State<Fut>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<Fut> {
        Refused { response: Option<Response> },
        Running { #[pin] handler: Fut, gate: Gate, refused: RefusedRequest },
        Waiting { wait: Pin<Box<dyn Future<Output = Response> + Send>> },
    }
}

impl<Fut> SealFuture<Fut> {
    fn refused(response: Response) -> Self {
        Self { state: State::Refused { response: Some(response) } }
    }

    fn running(handler: Fut, gate: Gate, refused: RefusedRequest) -> Self {
        Self { state: State::Running { handler, gate, refused } }
    }

    fn waiting(wait: impl Future<Output = Response> + Send + 'static) -> Self {
        Self { state: State::Waiting { wait: Box::pin(wait) } }
    }
}

impl<Fut: Future<Output = Response>> Future for SealFuture<Fut> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        match self.project().state.project() {
            // A future that is polled after it was ready never is again.
            StateProjection::Refused { response } => response.take().map_or(Poll::Pending, Poll::Ready),
            StateProjection::Running { handler, gate, refused } => {
                let response = ready!(handler.poll(cx));
                Poll::Ready(rendered(response, gate, refused))
            }
            StateProjection::Waiting { wait } => wait.as_mut().poll(cx),
        }
    }
}

impl<Fut> fmt::Debug for SealFuture<Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealFuture").finish_non_exhaustive()
    }
}

/// A refusal that the handler or one of its extractors returned goes through the application's own door: its
/// renderer, its protocol, no body for HEAD. What a specification fixes stands as it is.
#[inline]
fn rendered(mut response: Response, gate: &Gate, refused: &RefusedRequest) -> Response {
    // Most have none.
    if response.extensions().is_empty() || response.extensions().get::<OwnAnswer>().is_some() {
        return response;
    }
    match response.extensions_mut().remove::<Denial>() {
        Some(denial) => {
            let own = response.extensions_mut().remove::<OwnFields>();
            let mut answer = gate.refuse().response(denial, refused);
            if let Some(own) = own {
                own.add_to(&mut answer);
            }
            answer
        }
        None => response,
    }
}

/// Leaves what the handler's arguments look for: the word that the gate upheld the policy they carry, and the path
/// parameters, which guards over resources read without naming axum.
fn let_through(request: &mut Request, gate: &Gate, carried: Option<&'static RoutePolicy>) {
    if let Some(policy) = carried
        && let Ok(trail) = Trail::of(request.extensions())
    {
        trail.uphold(policy);
    }
    gate.admit(request);
}
