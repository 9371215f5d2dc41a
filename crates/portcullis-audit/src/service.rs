use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use http::{Request, Response};
use portcullis_core::{BodyFrom, FromBytes, Refuse};
use tower_service::Service;

use crate::audit::Audit;
use crate::future::{ResponseFuture, discard};
use crate::open_event::OpenEvent;
use crate::prepare::{Prepare, Unprepared};

/// Opens the Trail, catches panics, and records one event per request. See the crate's docs.
pub struct AuditService<S, F = FromBytes, P = Unprepared> {
    inner: S,
    audit: Audit,
    refuse: Refuse<F>,
    prepare: P,
}

impl<S, F> AuditService<S, F> {
    /// Records what happens in the inner service. [`AuditLayer`](crate::AuditLayer) makes it as well.
    #[must_use]
    pub fn new(inner: S, audit: Audit, refuse: Refuse<F>) -> Self {
        Self { inner, audit, refuse, prepare: Unprepared }
    }
}

impl<S, F, P> AuditService<S, F, P> {
    /// Opens the Trail with what this finds out. By default, nothing is known: [`Unprepared`].
    #[must_use]
    pub fn with_prepare<Q>(self, prepare: Q) -> AuditService<S, F, Q> {
        AuditService { inner: self.inner, audit: self.audit, refuse: self.refuse, prepare }
    }
}

impl<S, F, P, A, B> Service<Request<A>> for AuditService<S, F, P>
where
    S: Service<Request<A>, Response = Response<B>>,
    F: BodyFrom<B>,
    P: Prepare,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, F, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let prepare = |head: &Request<A>, opening: &mut _| {
            self.prepare.prepare(head.uri(), head.headers(), head.extensions(), opening);
        };
        let Some((mut event, refused)) = OpenEvent::open(&self.audit, &mut request, prepare) else {
            // There is one event per request, not per audit layer.
            return ResponseFuture::forward(self.inner.call(request));
        };
        if let Err(denial) = event.reserve() {
            return ResponseFuture::refuse(denial, refused, event, self.refuse.clone());
        }
        let mut answer = ResponseFuture::begun(refused, event, self.refuse.clone());
        // Lent to what is caught: what that owns is moved twice more, and requests and futures are large.
        let mut request = Some(request);
        let call = || request.take().map_or((), |request| answer.run(self.inner.call(request)));
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(()) => answer,
            Err(panic) => {
                discard(panic);
                answer.panicked()
            }
        }
    }
}

impl<S: Clone, F: Clone, P: Clone> Clone for AuditService<S, F, P> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            audit: self.audit.clone(),
            refuse: self.refuse.clone(),
            prepare: self.prepare.clone(),
        }
    }
}

impl<S: fmt::Debug, F, P> fmt::Debug for AuditService<S, F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditService")
            .field("inner", &self.inner)
            .field("audit", &self.audit)
            .finish_non_exhaustive()
    }
}
