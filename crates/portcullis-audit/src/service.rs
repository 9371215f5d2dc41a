use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use http::{Request, Response};
use portcullis_core::{BodyFrom, FromBytes, Refuse, RefusedRequest, Trail};
use tower_service::Service;

use crate::audit::Audit;
use crate::future::{ResponseFuture, discard};
use crate::open_event::OpenEvent;

/// Opens the Trail, catches panics, and records one event per request. See the crate's docs.
pub struct AuditService<S, F = FromBytes> {
    inner: S,
    audit: Audit,
    refuse: Refuse<F>,
}

impl<S, F> AuditService<S, F> {
    /// Records what happens in the inner service. [`AuditLayer`](crate::AuditLayer) makes it as well.
    #[must_use]
    pub fn new(inner: S, audit: Audit, refuse: Refuse<F>) -> Self {
        Self { inner, audit, refuse }
    }
}

impl<S, F, A, B> Service<Request<A>> for AuditService<S, F>
where
    S: Service<Request<A>, Response = Response<B>>,
    F: BodyFrom<B>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, F, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        // A layer that stands outside may have opened it.
        let trail = Trail::ensure(request.extensions_mut(), self.audit.clock()).clone();
        if !trail.claim_event() {
            // There is one event per request, not per audit layer.
            return ResponseFuture::forward(self.inner.call(request));
        }
        let refused = RefusedRequest::of(&request);
        let mut event = OpenEvent::new(&self.audit, trail, &request);
        if let Err(denial) = event.reserve() {
            return ResponseFuture::refuse(denial, refused, event, self.refuse.clone());
        }
        match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(future) => ResponseFuture::record(future, refused, event, self.refuse.clone()),
            Err(panic) => {
                discard(panic);
                ResponseFuture::panicked(refused, event, self.refuse.clone())
            }
        }
    }
}

impl<S: Clone, F: Clone> Clone for AuditService<S, F> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), audit: self.audit.clone(), refuse: self.refuse.clone() }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for AuditService<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditService")
            .field("inner", &self.inner)
            .field("audit", &self.audit)
            .finish_non_exhaustive()
    }
}
