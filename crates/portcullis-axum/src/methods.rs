//! `get`, `post` and the others, with axum's names: they keep the handler's type, so that a forgotten rule is a
//! compile error.

use std::convert::Infallible;

use axum::extract::Request;
use axum::response::IntoResponse;
use http::Method;
use tower_service::Service;

use crate::arguments::Carries;
use crate::endpoint::{Endpoint, ServiceEndpoint};
use crate::entry::Entries;
use crate::guarded::Guarded;
use crate::unguarded::Unguarded;

macro_rules! methods {
    ($( $name:ident = $method:ident, $text:literal; )+) => {
        $(
            #[doc = concat!("Handles `", $text, "` requests; to be followed by a rule.")]
            pub fn $name<E, T, S>(endpoint: E) -> Unguarded<S, T>
            where
                E: Endpoint<T, S>,
                S: Clone + Send + Sync + 'static,
                T: 'static,
            {
                Unguarded::new(Vec::new(), Some(Method::$method), endpoint)
            }
        )+

        impl<S: Clone + Send + Sync + 'static, T> Guarded<S, T> {
            $(
                #[doc = concat!("Also handles `", $text, "` requests; to be followed by a rule.")]
                pub fn $name<E: Endpoint<U, S>, U: 'static>(self, endpoint: E) -> Unguarded<S, U> {
                    Unguarded::new(self.entries(), Some(Method::$method), endpoint)
                }
            )+
        }

        /// After a handler that carries its rule, the next one may follow at once.
        impl<S: Clone + Send + Sync + 'static, T: Carries> Unguarded<S, T> {
            $(
                #[doc = concat!("Also handles `", $text, "` requests; to be followed by a rule.")]
                pub fn $name<E: Endpoint<U, S>, U: 'static>(self, endpoint: E) -> Unguarded<S, U> {
                    Unguarded::new(self.entries(), Some(Method::$method), endpoint)
                }
            )+
        }
    };
}

methods! {
    connect = CONNECT, "CONNECT";
    delete = DELETE, "DELETE";
    get = GET, "GET` and `HEAD";
    head = HEAD, "HEAD";
    options = OPTIONS, "OPTIONS";
    patch = PATCH, "PATCH";
    post = POST, "POST";
    put = PUT, "PUT";
}

/// Handles requests of every method; to be followed by a rule.
///
/// A WebSocket handler wants it, or [`get`] beside [`connect`]: the handshake is a `GET` in HTTP/1.1 and a `CONNECT`
/// in HTTP/2 (RFC 8441 §4).
pub fn any<E, T, S>(endpoint: E) -> Unguarded<S, T>
where
    E: Endpoint<T, S>,
    S: Clone + Send + Sync + 'static,
    T: 'static,
{
    Unguarded::new(Vec::new(), None, endpoint)
}

/// Hands requests of every method to a tower service; to be followed by a rule. Use it with
/// [`Routes::service`](crate::Routes::service) for a whole subtree.
pub fn service<Svc, S>(service: Svc) -> Unguarded<S, ServiceEndpoint<()>>
where
    Svc: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    Svc::Response: IntoResponse,
    Svc::Future: Send,
    S: Clone + Send + Sync + 'static,
{
    Unguarded::new(Vec::new(), None, ServiceEndpoint(service))
}
