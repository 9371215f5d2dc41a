use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use portcullis_core::{BodyFrom, Denial, Reason, Refuse, RefusedRequest, ResponseFields, Step, Wait};

use crate::event::Outcome;
use crate::open_event::{OpenEvent, unavailable};
use crate::sinks::SinkError;

pin_project! {
    /// The response of an [`AuditService`](crate::AuditService).
    pub struct ResponseFuture<Fut, F, B> {
        #[pin]
        state: State<Fut, B>,
        // `None` if an outer layer records.
        record: Option<Record<F>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<Fut, B> {
        Running { #[pin] future: Fut },
        // The answer is there, and sinks that must be sure are waited for.
        Confirming { answer: Option<Box<Withheld<B>>>, wait: Wait<Result<(), SinkError>> },
        // The answer is there before anything was waited for.
        Answered { response: Option<Response<B>> },
        // The answer is given.
        Ended,
    }
}

/// An answer with the fields that go to it, or to the refusal in its place.
type Withheld<B> = (Response<B>, ResponseFields);

/// What an answer waits for: sinks that must be sure. Until then it does without its fields.
type Confirmation = (ResponseFields, Wait<Result<(), SinkError>>);

/// What must be known to end the request.
struct Record<F> {
    event: OpenEvent,
    request: RefusedRequest,
    refuse: Refuse<F>,
}

impl<Fut, B> State<Fut, B> {
    /// The state of a request that ends before the inner service was called.
    fn of(response: Response<B>, confirmation: Option<Confirmation>) -> Self {
        match confirmation {
            None => Self::Answered { response: Some(response) },
            Some(confirmation) => Self::confirming(response, confirmation),
        }
    }

    fn confirming(response: Response<B>, (fields, wait): Confirmation) -> Self {
        Self::Confirming { answer: Some(Box::new((response, fields))), wait }
    }
}

impl<Fut, F, B> ResponseFuture<Fut, F, B> {
    pub(crate) fn forward(future: Fut) -> Self {
        Self { state: State::Running { future }, record: None }
    }

    /// A request that is about to [run](Self::run).
    pub(crate) fn begun(request: RefusedRequest, event: OpenEvent, refuse: Refuse<F>) -> Self {
        Self { state: State::Ended, record: Some(Record { event, request, refuse }) }
    }

    pub(crate) fn run(&mut self, future: Fut) {
        self.state = State::Running { future };
    }
}

impl<Fut, F: BodyFrom<B>, B> ResponseFuture<Fut, F, B> {
    pub(crate) fn refuse(
        denial: Denial,
        request: RefusedRequest,
        event: OpenEvent,
        refuse: Refuse<F>,
    ) -> Self {
        let mut record = Record { event, request, refuse };
        let mut response = record.refuse(denial);
        let confirmation = record.end(Outcome::Answered, &mut response);
        Self { state: State::of(response, confirmation), record: Some(record) }
    }

    /// The inner service panicked before it gave a future.
    pub(crate) fn panicked(mut self) -> Self {
        if let Some(record) = &mut self.record {
            let mut response = record.refuse(Denial::new(Reason::Panicked));
            let confirmation = record.end(Outcome::Panicked, &mut response);
            self.state = State::of(response, confirmation);
        }
        self
    }
}

impl<F> Record<F> {
    fn refuse<B>(&self, denial: Denial) -> Response<B>
    where
        F: BodyFrom<B>,
    {
        self.refuse.response(denial, &self.request)
    }

    /// Records the event, and makes the answer ready where it is. It waits for sinks that must be sure, and for no
    /// others.
    fn end<B>(&mut self, outcome: Outcome, response: &mut Response<B>) -> Option<Confirmation>
    where
        F: BodyFrom<B>,
    {
        let (recorded, fields) = self.event.answer(outcome, response);
        match recorded {
            Step::Done(result) => {
                self.make_sure(result, response, fields);
                None
            }
            Step::Wait(wait) => Some((fields, wait)),
        }
    }

    /// Keeps the answer, unless the event that belongs to it is lost against the will of its sink.
    fn make_sure<B>(&self, result: Result<(), SinkError>, response: &mut Response<B>, fields: ResponseFields)
    where
        F: BodyFrom<B>,
    {
        if result.is_err() {
            *response = self.refuse(unavailable());
        }
        fields.apply(response.headers_mut());
    }
}

impl<Fut, F, B, E> Future for ResponseFuture<Fut, F, B>
where
    Fut: Future<Output = Result<Response<B>, E>>,
    F: BodyFrom<B>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            // Written by what is caught, and not returned by it: that would be moved twice more.
            let mut polled = Poll::Pending;
            let outcome = match (this.state.as_mut().project(), &mut *this.record) {
                (StateProjection::Running { future }, None) => return future.poll(cx),
                (StateProjection::Running { future }, Some(record)) => {
                    match catch_unwind(AssertUnwindSafe(|| polled = future.poll(cx))) {
                        Ok(()) => Outcome::Answered,
                        Err(panic) => {
                            discard(panic);
                            polled = Poll::Ready(Ok(record.refuse(Denial::new(Reason::Panicked))));
                            Outcome::Panicked
                        }
                    }
                }
                (StateProjection::Confirming { answer, wait }, Some(record)) => {
                    let confirmed = catch_unwind(AssertUnwindSafe(|| wait.as_mut().poll(cx)));
                    let result = match confirmed {
                        Ok(poll) => ready!(poll),
                        Err(panic) => {
                            discard(panic);
                            record.event.unconfirmed()
                        }
                    };
                    let Some(answer) = answer.take() else { return Poll::Pending };
                    let (mut response, fields) = *answer;
                    record.make_sure(result, &mut response, fields);
                    leave(this.state.as_mut(), || State::Ended);
                    return Poll::Ready(Ok(response));
                }
                // A future that is polled after it was ready never is again.
                (StateProjection::Answered { response }, _) => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                (StateProjection::Confirming { .. }, None) | (StateProjection::Ended, _) => {
                    return Poll::Pending;
                }
            };
            let confirmation = match (&mut polled, &mut *this.record) {
                (Poll::Ready(Ok(response)), Some(record)) => record.end(outcome, response),
                (Poll::Ready(Err(_)), Some(record)) => {
                    record.event.give_up(Outcome::Failed);
                    return polled;
                }
                _ => return polled,
            };
            match (confirmation, polled) {
                (Some(confirmation), Poll::Ready(Ok(response))) => {
                    leave(this.state.as_mut(), || State::confirming(response, confirmation));
                }
                (_, polled) => {
                    leave(this.state.as_mut(), || State::Ended);
                    return polled;
                }
            }
        }
    }
}

/// Goes on to the next state. The inner future is dropped here; after a panic it may panic again.
fn leave<Fut, B>(mut state: Pin<&mut State<Fut, B>>, next: impl FnOnce() -> State<Fut, B>) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| state.set(next()))) {
        discard(panic);
    }
}

/// Drops what a panic carried, which may panic once more; it is never looked at, as it may hold a secret.
pub(crate) fn discard(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(move || drop(panic))) {
        // One leak for a payload that panics whenever it is dropped, rather than an end in sight for nobody.
        std::mem::forget(again);
    }
}

impl<Fut, F, B> fmt::Debug for ResponseFuture<Fut, F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
