//! What stands before the match: CORS, client address, bans, limits that need no identity, transport.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Extensions, HeaderMap, Request, Response, StatusCode, Uri, Version};
use portcullis_audit::Prepare;
use portcullis_core::{
    Bans, BodyFrom, ConnectionFacts, Denial, FromBytes, OpenerId, Opening, Reason, Refuse, RequestView, Room,
    Step,
};
use portcullis_edge::{Cors, CorsAnswer, Edge, OneHost, PathPolicy, PlainHttp};
use portcullis_ratelimit::{HoldBody, HoldFuture, InFlightLimiter, Limiters, Permit, ReleaseWithHead};
use portcullis_tower::ResponseFuture;
use tower_service::Service;

/// Finds [`ConnectionFacts`] where a server left them in another form.
pub(crate) type ReadConnection = fn(&Extensions) -> Option<ConnectionFacts>;

/// Finds what the client asked for where a router took a prefix away.
pub(crate) type ReadTarget = fn(&Extensions, &Uri) -> Option<PathAndQuery>;

/// The decisions that need neither a route nor an identity.
pub(crate) struct Outer {
    /// Without one, the clock is read where the time of arrival would do.
    pub(crate) id: Option<OpenerId>,
    pub(crate) connection: Option<ReadConnection>,
    pub(crate) target: Option<ReadTarget>,
    pub(crate) edge: Edge,
    pub(crate) plain_http: PlainHttp,
    pub(crate) cors: Cors,
    pub(crate) paths: PathPolicy,
    pub(crate) bans: Option<Arc<dyn Bans>>,
    pub(crate) in_flight: Option<InFlightLimiter>,
    pub(crate) limits: Limiters,
}

enum Verdict {
    Preflight(HeaderMap),
    /// With the place among the requests in flight that was taken.
    Decided(Step<Result<(), Denial>>, Option<Permit>),
}

impl Outer {
    fn verdict(&self, request: &RequestView<'_>) -> Verdict {
        let cors = self.cors.decide(request);
        // A preflight is resolved too, so that its event says where it came from.
        let resolved = self.resolve(request);
        if let CorsAnswer::Preflight(fields) = cors {
            return match self.host(request) {
                Ok(()) => Verdict::Preflight(fields),
                Err(denial) => Verdict::refused(denial),
            };
        }
        match resolved.and_then(|()| self.limits(request)) {
            Err(denial) | Ok(Verdict::Decided(Step::Done(Err(denial)), _)) => Verdict::refused(denial),
            Ok(verdict) => verdict.then(self.transport(request)),
        }
    }

    /// What the Trail was opened with was found by [`Opener`].
    fn resolve(&self, request: &RequestView<'_>) -> Result<(), Denial> {
        if let Some(target) = self.target.and_then(|read| read(request.extensions(), request.uri())) {
            request.trail().set_target(target);
        }
        if request.trail().opening().client.is_some() { Ok(()) } else { self.edge.resolve(request) }
    }

    fn transport(&self, request: &RequestView<'_>) -> Result<(), Denial> {
        self.host(request)?;
        self.paths.check(request)?;
        self.cors.check_upgrade(request)?;
        self.plain_http.check_credentials_allowed(request)
    }

    /// Where [`Opener`] read the host of a request, it is one, and nothing is looked at twice.
    fn host(&self, request: &RequestView<'_>) -> Result<(), Denial> {
        let opening = request.trail().opening();
        let read = opening.is_opened_by(self.id)
            && opening.origin.as_ref().is_some_and(|origin| origin.authority.is_some());
        // In HTTP/1.1, what was read could be a target that stands there without `Host`.
        if read && (request.uri().authority().is_none() || request.version() > Version::HTTP_11) {
            return Ok(());
        }
        OneHost.check(request)
    }

    /// A ban is asked for first, but nothing waits for it alone. A place is taken before quotas are counted: who is
    /// refused for want of one is not counted.
    fn limits(&self, request: &RequestView<'_>) -> Result<Verdict, Denial> {
        let ban = match self.bans.as_ref().map(|bans| ban_step(bans.as_ref(), request)) {
            None => None,
            Some(Step::Done(banned)) => {
                banned?;
                None
            }
            Some(Step::Wait(ban)) => Some(ban),
        };
        let permit = self.in_flight.as_ref().map(|in_flight| in_flight.enter(request)).transpose()?.flatten();
        let limited = match (self.limits.is_empty(), ban) {
            (true, None) => Step::Done(Ok(())),
            (false, None) => self.count(request),
            (_, Some(ban)) => match self.count(request) {
                Step::Done(Ok(())) => Step::Wait(ban),
                limited => Step::wait(async move {
                    ban.await?;
                    limited.resolve().await
                }),
            },
        };
        Ok(Verdict::Decided(limited, permit))
    }

    /// By the time at which the request came, which is now if this opened its Trail. Whoever else opened it may have
    /// waited since.
    fn count(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        if request.trail().opening().is_opened_by(self.id) {
            self.limits.check_arrival(request)
        } else {
            self.limits.check_all(request)
        }
    }
}

impl Verdict {
    /// What is malformed counts like any other request: whoever sends nothing else fills audit and log too.
    fn then(self, transport: Result<(), Denial>) -> Self {
        match (self, transport) {
            (Self::Decided(Step::Done(Ok(())), _), Err(denial)) => Self::refused(denial),
            (Self::Decided(Step::Wait(limited), permit), Err(denial)) => {
                let refused = async move {
                    limited.await?;
                    Err(denial)
                };
                Self::Decided(Step::wait(refused), permit)
            }
            (decided, _) => decided,
        }
    }

    fn refused(denial: Denial) -> Self {
        Self::Decided(Step::Done(Err(denial)), None)
    }
}

fn ban_step(bans: &dyn Bans, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
    let trail = request.trail().clone();
    bans.banned(trail.client()).map(move |answer| {
        let denial = match answer {
            Ok(None) => return Ok(()),
            Ok(Some(ban)) => {
                let denial = Denial::new(Reason::Banned).explained("the client's address is banned");
                ban.remaining.map_or(denial.clone(), |remaining| denial.retry_after(remaining))
            }
            Err(error) => error.into_denial(Reason::StoreUnavailable),
        };
        trail.denied(Room::Edge, &denial);
        Err(denial)
    })
}

/// Finds out what is known of a request that no proxy forwarded before its Trail is shared, where it costs no lock.
#[derive(Clone)]
pub struct Opener(pub(crate) Arc<Outer>);

impl Prepare for Opener {
    fn prepare(&self, uri: &Uri, headers: &HeaderMap, extensions: &Extensions, opening: &mut Opening) {
        if let Some(id) = self.0.id {
            opening.opened_by(id);
        }
        let known = extensions.get::<ConnectionFacts>();
        if known.is_none() {
            opening.connection = self.0.connection.and_then(|read| read(extensions));
        }
        let Some(facts) = known.or(opening.connection.as_ref()) else { return };
        opening.peer = facts.peer;
        if let Some((client, origin)) = self.0.edge.direct(facts, uri, headers) {
            (opening.client, opening.origin) = (Some(client), origin);
        }
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("edge", &self.0.edge).finish_non_exhaustive()
    }
}

/// The service of [`OuterLayer`](crate::OuterLayer), inside the audit.
pub struct OuterService<S, H = ReleaseWithHead> {
    inner: S,
    outer: Arc<Outer>,
    refuse: Refuse,
    hold: H,
}

impl<S, H> OuterService<S, H> {
    pub(crate) fn new(inner: S, outer: Arc<Outer>, refuse: Refuse, hold: H) -> Self {
        Self { inner, outer, refuse, hold }
    }
}

impl<S, H, A, B> Service<Request<A>> for OuterService<S, H>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    FromBytes: BodyFrom<B>,
    H: HoldBody<B> + Clone,
    A: Send + 'static,
    B: 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = HoldFuture<ResponseFuture<S::Future, B, S::Error>, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<A>) -> Self::Future {
        let verdict = match RequestView::of(&request) {
            Ok(view) => self.outer.verdict(&view),
            Err(denial) => Verdict::refused(denial),
        };
        // Each future is made where it goes: the inner one is large, and moving it through one door costs every request.
        let hold = self.hold.clone();
        match verdict {
            Verdict::Decided(Step::Done(Ok(())), permit) => {
                HoldFuture::new(ResponseFuture::forward(self.inner.call(request)), permit, hold)
            }
            Verdict::Decided(step, permit) => {
                let future = ResponseFuture::follow(step, &mut self.inner, request, &self.refuse);
                HoldFuture::new(future, permit, hold)
            }
            Verdict::Preflight(fields) => {
                HoldFuture::new(ResponseFuture::refuse(preflight(fields)), None, hold)
            }
        }
    }
}

fn preflight<B>(fields: HeaderMap) -> Response<B>
where
    FromBytes: BodyFrom<B>,
{
    let mut response = Response::new(FromBytes.body(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend(fields);
    response
}

impl<S: Clone, H: Clone> Clone for OuterService<S, H> {
    fn clone(&self) -> Self {
        let (outer, refuse) = (Arc::clone(&self.outer), self.refuse.clone());
        Self { inner: self.inner.clone(), outer, refuse, hold: self.hold.clone() }
    }
}

impl<S: fmt::Debug, H> fmt::Debug for OuterService<S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OuterService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
