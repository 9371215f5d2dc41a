//! Waits for a client that end.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use portcullis_core::Clock;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

/// How long a client is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The longest pause.
    pub(super) pause: Duration,
    /// How many octets a second must come once the pauses have come to as much in all; `None` asks for nothing.
    pub(super) rate: Option<u32>,
}

/// Measures how long something has been pending. No timer is made for what is ready, and what the server does meanwhile is
/// not counted.
///
/// There is a credit of time, at first and at the most as long as a pause may be. Waiting takes from it, and each octet
/// adds what it may take at the least rate. So a drip ends however regular it is, a client that is slow but at the rate
/// goes on, and what came quickly before is no licence to drip for hours.
struct Patience {
    pace: Pace,
    clock: Clock,
    credit: Duration,
    begun: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    const fn new(pace: Pace, clock: Clock) -> Self {
        Self { pace, clock, credit: pace.pause, begun: None, timer: None }
    }

    fn bound<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<T>,
        octets: impl FnOnce(&T) -> usize,
        late: impl FnOnce() -> T,
    ) -> Poll<T> {
        if let Poll::Ready(ready) = &polled {
            self.account(octets(ready));
            return polled;
        }
        if self.begun.is_none() {
            self.begun = Some(self.clock.monotonic());
            let rest = self.credit;
            self.timer = Some(Box::pin(tokio::time::sleep(rest)));
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(cx).map(|()| late()),
            None => polled,
        }
    }

    /// Takes the time that was waited from the credit, and adds what the octets may take.
    fn account(&mut self, octets: usize) {
        self.timer = None;
        let begun = self.begun.take();
        let Some(rate) = self.pace.rate else { return };
        if let Some(begun) = begun {
            let waited = self.clock.monotonic().saturating_duration_since(begun);
            self.credit = self.credit.saturating_sub(waited);
        }
        let seconds = Duration::from_secs(u64::try_from(octets).unwrap_or(u64::MAX));
        let earned = seconds.checked_div(rate).unwrap_or(self.pace.pause);
        self.credit = self.credit.saturating_add(earned).min(self.pace.pause);
    }
}

/// A stream whose client must read what is written to it. It counts as a connection for as long as it is open,
/// also after an upgrade.
pub(super) struct PatientStream<S = TcpStream> {
    stream: S,
    patience: Patience,
    _permit: OwnedSemaphorePermit,
}

impl<S> PatientStream<S> {
    pub(super) const fn new(stream: S, pace: Pace, clock: Clock, permit: OwnedSemaphorePermit) -> Self {
        Self { stream, patience: Patience::new(pace, clock), _permit: permit }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PatientStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PatientStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, octets);
        this.patience.bound(cx, written, taken, || Err(timed_out()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, octets);
        this.patience.bound(cx, written, taken, || Err(timed_out()))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// A body whose client must go on sending while it is read.
pub(super) struct PatientBody<B = Incoming> {
    body: B,
    patience: Patience,
}

impl<B> PatientBody<B> {
    pub(super) const fn new(body: B, pace: Pace, clock: Clock) -> Self {
        Self { body, patience: Patience::new(pace, clock) }
    }
}

impl<B> Body for PatientBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(cx).map_err(Into::into);
        let late = || Some(Err(io::Error::new(io::ErrorKind::TimedOut, TooSlow).into()));
        this.patience.bound(cx, frame, brought, late)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How many octets a frame brings.
fn brought<E>(frame: &Option<Result<Frame<Bytes>, E>>) -> usize {
    let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
    data.map_or(0, Bytes::len)
}

/// How many octets a client has taken.
fn taken(written: &io::Result<usize>) -> usize {
    written.as_ref().copied().unwrap_or_default()
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client took too long")
}

/// What is said of a body that was given up. Whoever turns rejections into problems knows it by these words.
pub(crate) const TOO_SLOW: &str = "the client sent the body too slowly";

#[derive(Debug)]
struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TOO_SLOW)
    }
}

impl std::error::Error for TooSlow {}

#[cfg(test)]
mod tests;
