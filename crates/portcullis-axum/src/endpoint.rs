//! Handlers: async functions whose arguments are extractors, as in axum.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use tower_service::Service;

use crate::inquiry::Questions;
use crate::rejection;

/// An async function that can handle a request.
///
/// It is implemented for the functions that axum calls handlers: up to 16 arguments, all of them extractors of
/// the head but the last, which may read the body; the result is a response. It differs from axum's `Handler` in
/// one thing: a rejection of an extractor becomes a problem response with a reason.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler",
    label = "not an async function of extractors that returns a response",
    note = "every argument must implement `FromRequestParts`, the last one `FromRequest`; the result `IntoResponse`",
    note = "a generic or closure argument whose future is not `Send` is another common cause"
)]
pub trait Endpoint<T, S>: Clone + Send + Sync + Sized + 'static {
    /// The future of the response.
    type Future: Future<Output = Response> + Send + 'static;

    /// Handles a request that was let through.
    fn call(self, request: Request, state: S) -> Self::Future;

    /// Asks the arguments what they demand, when the application starts. By default, there are none.
    fn ask(_questions: &Questions, _state: &S) {}
}

type BoxedResponse = Pin<Box<dyn Future<Output = Response> + Send>>;

impl<F, Fut, Res, S> Endpoint<((),), S> for F
where
    F: FnOnce() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Res> + Send,
    Res: IntoResponse,
{
    type Future = BoxedResponse;

    fn call(self, _: Request, _: S) -> Self::Future {
        Box::pin(async move { self().await.into_response() })
    }
}

impl<F, Fut, Res, S, M, T1> Endpoint<(M, T1), S> for F
where
    F: FnOnce(T1) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Res> + Send,
    S: Send + Sync + 'static,
    M: 'static,
    Res: IntoResponse,
    T1: FromRequest<S, M> + Send + 'static,
{
    type Future = BoxedResponse;

    fn call(self, request: Request, state: S) -> Self::Future {
        Box::pin(async move {
            match T1::from_request(request, &state).await.map_err(rejection::explain) {
                Ok(only) => self(only).await.into_response(),
                Err(explained) => explained.await,
            }
        })
    }

    fn ask(questions: &Questions, state: &S) {
        questions.last::<T1, S, M>(state);
    }
}

/// The same for several arguments: all but the last are extractors of the head.
macro_rules! endpoint {
    ([$($head:ident),+], $last:ident) => {
        #[expect(non_snake_case, reason = "type parameters name their values")]
        impl<F, Fut, S, Res, M, $($head,)+ $last> Endpoint<(M, $($head,)+ $last,), S> for F
        where
            F: FnOnce($($head,)+ $last) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Res> + Send,
            S: Send + Sync + 'static,
            M: 'static,
            Res: IntoResponse,
            $( $head: FromRequestParts<S> + Send + 'static, )+
            $last: FromRequest<S, M> + Send + 'static,
        {
            type Future = BoxedResponse;

            fn call(self, request: Request, state: S) -> Self::Future {
                Box::pin(async move {
                    let (mut parts, body) = request.into_parts();
                    $(
                        let extracted = $head::from_request_parts(&mut parts, &state).await;
                        let $head = match extracted.map_err(rejection::explain) {
                            Ok(value) => value,
                            Err(explained) => return explained.await,
                        };
                    )+
                    let request = Request::from_parts(parts, body);
                    let extracted = $last::from_request(request, &state).await;
                    let $last = match extracted.map_err(rejection::explain) {
                        Ok(value) => value,
                        Err(explained) => return explained.await,
                    };
                    self($($head,)+ $last).await.into_response()
                })
            }

            fn ask(questions: &Questions, state: &S) {
                $( questions.head::<$head, S>(state); )+
                questions.last::<$last, S, M>(state);
            }
        }
    };
}

endpoint!([T1], T2);
endpoint!([T1, T2], T3);
endpoint!([T1, T2, T3], T4);
endpoint!([T1, T2, T3, T4], T5);
endpoint!([T1, T2, T3, T4, T5], T6);
endpoint!([T1, T2, T3, T4, T5, T6], T7);
endpoint!([T1, T2, T3, T4, T5, T6, T7], T8);
endpoint!([T1, T2, T3, T4, T5, T6, T7, T8], T9);
endpoint!([T1, T2, T3, T4, T5, T6, T7, T8, T9], T10);
endpoint!([T1, T2, T3, T4, T5, T6, T7, T8, T9, T10], T11);
endpoint!([T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11], T12);
endpoint!([T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12], T13);
endpoint!([T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13], T14);
endpoint!([T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14], T15);
endpoint!([T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15], T16);

/// A tower service as a handler. See [`service`](crate::service).
#[derive(Clone)]
pub struct ServiceEndpoint<Svc>(pub(crate) Svc);

impl<Svc, S> Endpoint<ServiceEndpoint<()>, S> for ServiceEndpoint<Svc>
where
    Svc: Service<Request> + Clone + Send + Sync + 'static,
    Svc::Response: IntoResponse,
    Svc::Error: IntoResponse,
    Svc::Future: Send,
{
    type Future = BoxedResponse;

    fn call(mut self, request: Request, _: S) -> Self::Future {
        Box::pin(async move {
            if let Err(error) = std::future::poll_fn(|cx| self.0.poll_ready(cx)).await {
                return error.into_response();
            }
            match self.0.call(request).await {
                Ok(response) => response.into_response(),
                Err(error) => error.into_response(),
            }
        })
    }
}

impl<Svc> fmt::Debug for ServiceEndpoint<Svc> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceEndpoint").finish_non_exhaustive()
    }
}
