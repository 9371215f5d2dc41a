//! `Origin` of WebSocket handshakes, which CORS does not cover.

use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, ORIGIN, UPGRADE};
use http::{HeaderValue, Method};
use portcullis_core::{Denial, FromBytes, Reason, RequestView, Room, Step};
use portcullis_tower::{Decide, DecideLayer};

use super::policy::{Cors, Origins, single_origin};
use crate::origin::WebOrigin;

/// Refuses WebSocket handshakes from pages of foreign origins, as a layer of its own. It stands inside of
/// [`ClientAddressLayer`](crate::ClientAddressLayer), which finds this server's own origin.
///
/// ```
/// use std::convert::Infallible;
///
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use portcullis_core::ConnectionFacts;
/// use portcullis_edge::{ClientAddressLayer, Cors, Edge, UpgradeOriginLayer, UpgradeOrigins};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let stack = |cors: Cors| {
///     ServiceBuilder::new()
///         .layer(ClientAddressLayer::new(Edge::default()))
///         .layer(UpgradeOriginLayer::new(UpgradeOrigins::new(cors)))
///         .service(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::new()))))
/// };
/// let handshake = |origin| {
///     let facts = ConnectionFacts::tls("192.0.2.1:50000".parse().unwrap(), Default::default());
///     let request = Request::get("/chat").header("host", "api.example.com").header("upgrade", "websocket");
///     request.header("origin", origin).extension(facts).body(()).unwrap()
/// };
///
/// // By default, pages of this server's own origin may connect, and every other page is refused.
/// let own = stack(Cors::default());
/// assert_eq!(own.clone().oneshot(handshake("https://api.example.com")).await.unwrap().status(), 200);
/// assert_eq!(own.oneshot(handshake("https://app.example.com")).await.unwrap().status(), 403);
///
/// // Customised: pages of one more origin.
/// let listed = stack(Cors::allow("https://app.example.com").build().unwrap());
/// assert_eq!(listed.clone().oneshot(handshake("https://app.example.com")).await.unwrap().status(), 200);
/// assert_eq!(listed.oneshot(handshake("https://evil.example")).await.unwrap().status(), 403);
/// # });
/// ```
pub type UpgradeOriginLayer<F = FromBytes> = DecideLayer<UpgradeOrigins, F>;

/// Decides by [`Cors::check_upgrade`].
#[derive(Clone, Debug)]
#[must_use]
pub struct UpgradeOrigins(Arc<Cors>);

impl UpgradeOrigins {
    /// Lets pages of this server's own origin and of the listed ones open WebSockets. With [`Cors::default`],
    /// only the former.
    pub fn new(cors: impl Into<Arc<Cors>>) -> Self {
        Self(cors.into())
    }
}

impl Decide for UpgradeOrigins {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Step::Done(self.0.check_upgrade(request))
    }
}

impl Cors {
    /// Refuses the handshake of a WebSocket that a page of a foreign origin opens (ASVS 4.4.2).
    ///
    /// Browsers let every page connect to every server, attach cookies and client certificates, and check
    /// nothing; all they do is to say `Origin`. A handshake is `Upgrade: websocket` in HTTP/1.1 (RFC 6455 §4.1)
    /// or `CONNECT` in HTTP/2 (RFC 8441 §4). Requests without `Origin` come from no browser and pass, and so do
    /// all requests that open no WebSocket.
    ///
    /// A page passes if its origin is that of the request as [`Edge`](crate::Edge) resolved it, or is listed
    /// here. [`Cors::any_origin`] lets other pages in only where a browser attached nothing that says who
    /// calls: no `Cookie`, no `Authorization`, no client certificate.
    ///
    /// # Errors
    /// 403 `origin_not_allowed`. The Trail then has a note of it.
    pub fn check_upgrade(&self, view: &RequestView<'_>) -> Result<(), Denial> {
        if !is_handshake(view) || !view.headers().contains_key(ORIGIN) || self.admits(view) {
            return Ok(());
        }
        let explanation = match view.trail().origin() {
            Some(_) => "the origin is neither this server's own nor listed",
            None => "the origin is not listed, and this server's own is not known",
        };
        let denial = Denial::new(Reason::OriginNotAllowed).explained(explanation);
        view.trail().denied(Room::Edge, &denial);
        Err(denial)
    }

    fn admits(&self, view: &RequestView<'_>) -> bool {
        let Some(origin) = single_origin(view.headers()) else { return false };
        is_own(origin, view)
            || self.listed(origin).is_some()
            || (matches!(self.origins, Origins::Any) && origin != NULL && !is_ambient(view))
    }
}

fn is_handshake(view: &RequestView<'_>) -> bool {
    let is_websocket = |line: &HeaderValue| {
        let mut protocols = line.as_bytes().split(|octet| *octet == b',').map(<[u8]>::trim_ascii);
        protocols.any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
    };
    let headers = view.headers();
    view.method() == Method::CONNECT
        || (headers.contains_key(UPGRADE) && headers.get_all(UPGRADE).iter().any(is_websocket))
}

fn is_own(origin: &HeaderValue, view: &RequestView<'_>) -> bool {
    let own = view.trail().origin().and_then(WebOrigin::of_server);
    own.is_some_and(|own| own.as_str().as_bytes() == origin.as_bytes())
}

/// Whether the request carries what browsers attach by themselves.
fn is_ambient(view: &RequestView<'_>) -> bool {
    let certificate = || {
        let tls = view.connection().and_then(|facts| facts.tls.as_ref());
        tls.is_some_and(|tls| !tls.client_certificates.is_empty())
    };
    view.headers().contains_key(COOKIE) || view.headers().contains_key(AUTHORIZATION) || certificate()
}

/// The origin of sandboxed pages: anybody may be one.
const NULL: &str = "null";
