use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use portcullis_core::{BodyFrom, Clock, RequestView, Trail};
use tower_service::Service;

use super::future::ResponseFuture;
use super::policy::{Cors, CorsAnswer};

/// Answers preflights and forwards everything else. See [`CorsLayer`](super::CorsLayer).
#[derive(Clone)]
pub struct CorsService<S, F> {
    inner: S,
    cors: Arc<Cors>,
    body: F,
    clock: Clock,
}

impl<S, F> CorsService<S, F> {
    pub(super) fn new(inner: S, cors: Arc<Cors>, body: F, clock: Clock) -> Self {
        Self { inner, cors, body, clock }
    }
}

impl<S, F, A, B> Service<Request<A>> for CorsService<S, F>
where
    S: Service<Request<A>, Response = Response<B>>,
    F: BodyFrom<B>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let opened = Trail::open_first(request.extensions_mut(), &self.clock);
        // INVARIANT: the line above left a Trail, so that there is a view.
        let answer = RequestView::of(&request).map(|view| self.cors.decide(&view));
        match answer {
            Ok(CorsAnswer::Preflight(fields)) => {
                let mut response = Response::new(self.body.body(Bytes::new()));
                *response.status_mut() = StatusCode::NO_CONTENT;
                *response.headers_mut() = fields;
                ResponseFuture::answer(response, opened)
            }
            Ok(CorsAnswer::Continue) | Err(_) => ResponseFuture::forward(self.inner.call(request), opened),
        }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for CorsService<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorsService")
            .field("inner", &self.inner)
            .field("cors", &self.cors)
            .finish_non_exhaustive()
    }
}
