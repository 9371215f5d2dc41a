//! The receiver as a service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, Limited};
use tower_service::Service;

use super::answer::LogoutAnswer;
use super::receiver::{LogoutReceiver, no_token};
use super::settings::MAX_LOGOUT_OCTETS;

/// How long the body may take to arrive: 10 seconds.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

impl<B> Service<Request<B>> for LogoutReceiver
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let receiver = self.clone();
        ResponseFuture(Box::pin(async move { receiver.answer(request).await.into_response() }))
    }
}

impl LogoutReceiver {
    async fn answer<B>(&self, request: Request<B>) -> LogoutAnswer
    where
        B: Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if request.method() != Method::POST {
            return LogoutAnswer::new(Err(no_token("the method is not POST")));
        }
        let (head, body) = request.into_parts();
        let mut content_types = head.headers.get_all(CONTENT_TYPE).iter();
        let (content_type, None) = (content_types.next(), content_types.next()) else {
            return LogoutAnswer::new(Err(no_token("there are two content types")));
        };
        let body = Limited::new(body, MAX_LOGOUT_OCTETS).collect();
        match tokio::time::timeout(BODY_DEADLINE, body).await {
            Ok(Ok(body)) => {
                let content_type = content_type.and_then(|value| value.to_str().ok());
                self.receive(content_type, &body.to_bytes()).resolve().await
            }
            Ok(Err(_)) => LogoutAnswer::new(Err(no_token("the body is too large or broke off"))),
            Err(_) => LogoutAnswer::new(Err(no_token("the body took too long"))),
        }
    }
}

/// The future of [`LogoutReceiver`] as a service.
#[must_use]
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>);

impl Future for ResponseFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
