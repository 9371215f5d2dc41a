//! Bodies of answers, whole and torn.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, SizeHint};

use super::server::Outage;

pub(crate) type Body = UnsyncBoxBody<Bytes, Outage>;

pub(crate) fn whole(body: Full<Bytes>) -> Body {
    body.map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn json(document: String) -> Response<Body> {
    let mut response = Response::new(whole(Full::new(document.into())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The first half of the octets; then the connection breaks.
pub(crate) fn torn(document: String) -> Body {
    let document = Bytes::from(document);
    let length = document.len() as u64;
    Torn { half: Some(document.slice(..document.len() / 2)), length, flushed: false }.boxed_unsync()
}

struct Torn {
    half: Option<Bytes>,
    length: u64,
    flushed: bool,
}

impl hyper::body::Body for Torn {
    type Data = Bytes;
    type Error = Outage;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Outage>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        // What was written is sent while a body has nothing to say.
        if !std::mem::replace(&mut self.flushed, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Outage)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
