//! What stands before the match: CORS, client address, transport, bans, limits that need no identity.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Extensions, HeaderMap, Request, Response, StatusCode, Uri};
use portcullis_audit::Prepare;
use portcullis_core::{
    Bans, BodyFrom, ConnectionFacts, Denial, FromBytes, Opening, Reason, Refuse, RequestView, Room, Step,
};
use portcullis_edge::{Cors, CorsAnswer, Edge, PathPolicy, PlainHttp, names_two_hosts};
use portcullis_ratelimit::Limiters;
use portcullis_tower::ResponseFuture;
use tower_service::Service;

/// Finds [`ConnectionFacts`] where a server left them in another form.
pub(crate) type ReadConnection = fn(&Extensions) -> Option<ConnectionFacts>;

/// The decisions that need neither a route nor an identity.
pub(crate) struct Outer {
    pub(crate) connection: Option<ReadConnection>,
    pub(crate) edge: Edge,
    pub(crate) plain_http: PlainHttp,
    pub(crate) cors: Cors,
    pub(crate) paths: PathPolicy,
    pub(crate) bans: Option<Arc<dyn Bans>>,
    pub(crate) limits: Limiters,
}

enum Verdict {
    Preflight(HeaderMap),
    Decided(Step<Result<(), Denial>>),
}

impl Outer {
    fn verdict(&self, request: &RequestView<'_>) -> Verdict {
        let cors = self.cors.decide(request);
        // A preflight is resolved too, so that its event says where it came from.
        let resolved = self.resolve(request);
        if let CorsAnswer::Preflight(fields) = cors {
            return Verdict::Preflight(fields);
        }
        Verdict::Decided(match resolved.and_then(|()| self.transport(request)) {
            Err(denial) => Step::Done(Err(denial)),
            Ok(()) => self.limits(request),
        })
    }

    /// What the Trail was opened with was found by [`Opener`].
    fn resolve(&self, request: &RequestView<'_>) -> Result<(), Denial> {
        if request.trail().opening().client.is_some() { Ok(()) } else { self.edge.resolve(request) }
    }

    fn transport(&self, request: &RequestView<'_>) -> Result<(), Denial> {
        one_host(request)?;
        self.paths.check(request)?;
        self.cors.check_upgrade(request)?;
        self.plain_http.check_credentials_allowed(request)
    }

    /// A ban is asked for first, but nothing waits for it alone.
    fn limits(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        let ban = self.bans.as_ref().map(|bans| ban_step(bans.as_ref(), request));
        match ban {
            None | Some(Step::Done(Ok(()))) if self.limits.is_empty() => Step::Done(Ok(())),
            None | Some(Step::Done(Ok(()))) => self.limits.check_all(request),
            Some(Step::Done(Err(denial))) => Step::Done(Err(denial)),
            Some(Step::Wait(ban)) => match self.limits.check_all(request) {
                Step::Done(Ok(())) => Step::Wait(ban),
                limited => Step::wait(async move {
                    ban.await?;
                    limited.resolve().await
                }),
            },
        }
    }
}

/// RFC 9112 §3.2: whoever reads the other `Host` sees another request.
fn one_host(request: &RequestView<'_>) -> Result<(), Denial> {
    if !names_two_hosts(request.headers()) {
        return Ok(());
    }
    let denial = Denial::new(Reason::MalformedRequest).hint("the request has more than one Host field");
    request.trail().denied(Room::Edge, &denial);
    Err(denial)
}

fn ban_step(bans: &dyn Bans, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
    let trail = request.trail().clone();
    bans.banned(trail.client()).map(move |answer| {
        let denial = match answer {
            Ok(None) => return Ok(()),
            Ok(Some(ban)) => {
                let denial = Denial::new(Reason::Banned);
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
    fn prepare(&self, uri: &Uri, headers: &HeaderMap, extensions: &Extensions) -> Opening {
        let mut opening = Opening::default();
        let known = extensions.get::<ConnectionFacts>();
        if known.is_none() {
            opening.connection = self.0.connection.and_then(|read| read(extensions));
        }
        let Some(facts) = known.or(opening.connection.as_ref()) else { return opening };
        opening.peer = facts.peer;
        if let Some((client, origin)) = self.0.edge.direct(facts, uri, headers) {
            (opening.client, opening.origin) = (Some(client), origin);
        }
        opening
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("edge", &self.0.edge).finish_non_exhaustive()
    }
}

/// The service of [`OuterLayer`](crate::OuterLayer), inside the audit.
pub struct OuterService<S> {
    inner: S,
    outer: Arc<Outer>,
    refuse: Refuse,
}

impl<S> OuterService<S> {
    pub(crate) fn new(inner: S, outer: Arc<Outer>, refuse: Refuse) -> Self {
        Self { inner, outer, refuse }
    }
}

impl<S, A, B> Service<Request<A>> for OuterService<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    FromBytes: BodyFrom<B>,
    A: Send + 'static,
    B: 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, B, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let verdict = match RequestView::of(&request) {
            Ok(view) => self.outer.verdict(&view),
            Err(denial) => Verdict::Decided(Step::Done(Err(denial))),
        };
        match verdict {
            Verdict::Preflight(fields) => ResponseFuture::refuse(preflight(fields)),
            Verdict::Decided(step) => ResponseFuture::follow(step, &mut self.inner, request, &self.refuse),
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

impl<S: Clone> Clone for OuterService<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), outer: Arc::clone(&self.outer), refuse: self.refuse.clone() }
    }
}

impl<S: fmt::Debug> fmt::Debug for OuterService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OuterService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
