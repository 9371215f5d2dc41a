//! The requests of one connection, counted for as long as they are in flight.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{Method, Request, Response, Version};
use hyper::body::{Frame, Incoming, SizeHint};
use pin_project_lite::pin_project;
use portcullis_core::Clock;
use tokio::sync::watch;
use tower_service::Service;

use super::connection::{Peer, Phase};
use super::offers::{Offer, Offers};
use super::patience::{Pace, PatientBody};
use crate::app::App;

/// Counts what happens on a connection. Clones share the counters.
#[derive(Clone)]
pub(super) struct Traffic(Arc<Counters>);

struct Counters {
    begun: AtomicUsize,
    in_flight: AtomicUsize,
    offers: Offers,
    // The server waits for whoever holds one: also for HTTP/2 streams, which are tasks of their own.
    _awaited: watch::Receiver<Phase>,
}

impl Traffic {
    pub(super) fn new(awaited: watch::Receiver<Phase>, offers: Offers) -> Self {
        let (begun, in_flight) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self(Arc::new(Counters { begun, in_flight, offers, _awaited: awaited }))
    }

    /// Returns when no request has been in flight for so long, or for twice as long at the most. Requests need
    /// not wake it.
    pub(super) async fn idle(&self, limit: Duration) {
        loop {
            let quiet = self.0.in_flight.load(Ordering::Relaxed) == 0;
            let begun = self.0.begun.load(Ordering::Relaxed);
            tokio::time::sleep(limit).await;
            if quiet && begun == self.0.begun.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    /// Returns when a client has not taken in time what one of its streams offers, or after that time once more.
    pub(super) async fn is_not_taken(&self) {
        loop {
            tokio::time::sleep(self.0.offers.pause()).await;
            if self.0.offers.late() > 0 {
                return;
            }
        }
    }

    /// Returns when nothing is in flight but what its client does not take, or after the longest pause once more.
    pub(super) async fn waits_for_windows_alone(&self) {
        while self.0.in_flight.load(Ordering::Relaxed) > self.0.offers.late() {
            tokio::time::sleep(self.0.offers.pause()).await;
        }
    }

    pub(super) fn offers(&self) -> &Offers {
        &self.0.offers
    }

    fn begin(&self) -> InFlight {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self.clone())
    }
}

/// A request, from its head to the end of its answer.
struct InFlight(Traffic);

impl InFlight {
    /// A tunnel goes on behind the answer, as long as the connection does.
    fn stays(&self) {
        self.0.0.in_flight.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The application for one connection: it knows the peer.
#[derive(Clone)]
pub(super) struct Requests {
    app: App,
    peer: Peer,
    body: Pace,
    traffic: Traffic,
}

impl Requests {
    pub(super) const fn new(app: App, peer: Peer, body: Pace, traffic: Traffic) -> Self {
        Self { app, peer, body, traffic }
    }
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response<CountedBody>;
    type Error = Infallible;
    type Future = Answer<<App as Service<Request<Body>>>::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let tunnel = request.method() == Method::CONNECT;
        let has_windows = request.version() == Version::HTTP_2;
        let mut request = request.map(|body| Body::new(PatientBody::new(body, self.body, Clock::system())));
        request.extensions_mut().insert(ConnectInfo(self.peer.address));
        if let Some(facts) = &self.peer.facts {
            request.extensions_mut().insert(facts.clone());
        }
        let in_flight = Some(self.traffic.begin());
        Answer { future: self.app.call(request), in_flight, tunnel, has_windows }
    }
}

pin_project! {
    /// The answer to a request.
    pub(super) struct Answer<Fut> {
        #[pin]
        future: Fut,
        in_flight: Option<InFlight>,
        tunnel: bool,
        has_windows: bool,
    }
}

impl<Fut> Future for Answer<Fut>
where
    Fut: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<CountedBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(cx))?;
        let in_flight = this.in_flight.take();
        if let (Some(in_flight), true) = (&in_flight, *this.tunnel && response.status().is_success()) {
            in_flight.stays();
        }
        Poll::Ready(Ok(response.map(|body| {
            let waits = *this.has_windows && !hyper::body::Body::is_end_stream(&body);
            let traffic = in_flight.as_ref().filter(|_| waits).map(|in_flight| in_flight.0.clone());
            let offer = traffic.map(Offer::new);
            CountedBody { body, rest: Bytes::new(), offer, _in_flight: in_flight }
        })))
    }
}

/// The most octets that hyper is handed at once. What it has it keeps, whether or not the client takes it, and asks for no more
/// until the client does.
const MAX_PIECE: usize = 16 * 1024;

pin_project! {
    /// The body of an answer, which is in flight until its last piece is handed over.
    pub(super) struct CountedBody {
        #[pin]
        body: Body,
        // What the body gave beyond a piece.
        rest: Bytes,
        offer: Option<Offer>,
        _in_flight: Option<InFlight>,
    }
}

impl hyper::body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.project();
        if let Some(offer) = this.offer.as_ref() {
            offer.taken();
        }
        let mut data = std::mem::take(this.rest);
        if data.is_empty() {
            data = match ready!(this.body.poll_frame(cx)).transpose()?.map(Frame::into_data) {
                Some(Ok(data)) => data,
                Some(Err(other)) => return Poll::Ready(Some(Ok(other))),
                None => return Poll::Ready(None),
            };
        }
        if data.len() > MAX_PIECE {
            *this.rest = data.split_off(MAX_PIECE);
        }
        if let Some(offer) = this.offer {
            offer.waits(data.len());
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.body.size_hint(), u64::try_from(self.rest.len()).unwrap_or(u64::MAX));
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}
