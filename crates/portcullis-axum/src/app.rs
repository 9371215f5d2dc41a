//! A finished application.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::extract::{ConnectInfo, OriginalUri, Request};
use axum::response::Response;
use http::uri::PathAndQuery;
use http::{Extensions, Uri};
use portcullis_audit::SinkError;
use portcullis_core::ConnectionFacts;
use portcullis_ratelimit::{HeldBody, Permit};
use portcullis_stack::{OuterLayer, RouteTable, Security};
use tokio::net::TcpListener;
use tower_layer::Layer;
use tower_service::Service;

use crate::serve::Serve;

type Stack = <OuterLayer<fn(Body, Permit) -> Body> as Layer<Router>>::Service;

/// A finished application: a service with nothing left open. Clones are cheap.
///
/// It needs to know the peer's address: [`serve`](Self::serve) provides it, as does
/// [`into_make_service_with_connect_info`](Self::into_make_service_with_connect_info) for another server, or
/// [`ConnectionFacts`] in the request's extensions.
#[derive(Clone)]
pub struct App {
    stack: Stack,
    security: Security,
    table: Arc<RouteTable>,
}

impl App {
    pub(crate) fn new(router: Router, security: Security, table: RouteTable) -> Self {
        let hold: fn(Body, Permit) -> Body = hold;
        let stack = security
            .outer_layer()
            .with_connection(connection)
            .with_target(target)
            .with_held_bodies(hold)
            // Every handler becomes a service now, rather than at every request.
            .layer(router.with_state(()));
        Self { stack, security, table: Arc::new(table) }
    }

    /// Serves HTTP/1 and HTTP/2 on the listener.
    pub fn serve(self, listener: TcpListener) -> Serve {
        Serve::new(self, listener)
    }

    /// For `axum::serve` and other servers.
    #[must_use]
    pub fn into_make_service_with_connect_info(self) -> IntoMakeServiceWithConnectInfo<Self, SocketAddr> {
        axum::ServiceExt::<Request>::into_make_service_with_connect_info(self)
    }

    /// For `axum::serve` with [`TlsIncoming`](crate::TlsIncoming).
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn into_make_service_with_tls_info(self) -> IntoMakeServiceWithConnectInfo<Self, crate::TlsPeer> {
        axum::ServiceExt::<Request>::into_make_service_with_connect_info(self)
    }

    /// Every route with what it demands; prints as text, Markdown and JSON.
    #[must_use]
    pub fn route_table(&self) -> &RouteTable {
        &self.table
    }

    /// The security around the application.
    #[must_use]
    pub fn security(&self) -> &Security {
        &self.security
    }

    /// Waits until every audit event so far is written, for at most that long.
    ///
    /// # Errors
    /// If some are not.
    pub async fn drain(&self, timeout: Duration) -> Result<(), SinkError> {
        self.security.drain(timeout).await
    }

    /// The application as a plain axum router, to which routes can be added.
    ///
    /// # What must protect it instead
    /// Layers of your own around each added route: it has no rule, is not audited and not limited. The routes of the
    /// application keep their gates.
    pub fn into_router_danger_open_ended(self) -> Router {
        Router::new().fallback_service(self)
    }
}

impl Service<Request> for App {
    type Response = Response;
    type Error = Infallible;
    type Future = <Stack as Service<Request>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.stack, cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.stack.call(request)
    }
}

/// A body that a slow client could keep open holds its request's place; any other goes out as it is.
fn hold(body: Body, permit: Permit) -> Body {
    if HeldBody::is_worth_it(&body) { Body::new(HeldBody::new(body, Some(permit))) } else { body }
}

/// What the client asked for, if the application stands in a router that took a prefix away.
fn target(extensions: &Extensions, uri: &Uri) -> Option<PathAndQuery> {
    let OriginalUri(original) = extensions.get::<OriginalUri>()?;
    original.path_and_query().filter(|whole| uri.path_and_query() != Some(*whole)).cloned()
}

/// What axum knows of a connection.
fn connection(extensions: &Extensions) -> Option<ConnectionFacts> {
    #[cfg(feature = "tls")]
    if let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<crate::TlsPeer>>() {
        return Some(peer.facts().clone());
    }
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(ConnectionFacts::plain(*peer))
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("routes", &self.table).finish_non_exhaustive()
    }
}
