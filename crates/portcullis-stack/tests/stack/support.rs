//! A service that says which route it was reached by, behind a security that a test can change.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::request::Builder;
use http::{HeaderName, Method, Request, Response};
use http_body_util::Full;
use portcullis_audit::MemorySink;
use portcullis_authn::{ApiKey, ApiKeySet, ApiKeys};
use portcullis_authz::{PathParameters, scope};
use portcullis_core::{ConnectionFacts, CredentialMethod, Principal, Scopes, Secret};
use portcullis_stack::{MatchedRoute, RouteList, RoutePolicy, Security, SecurityBuilder};
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt, service_fn};

pub(crate) const KEY: HeaderName = HeaderName::from_static("x-api-key");

type Body = Full<Bytes>;

pub(crate) struct Bench {
    service: BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>,
    pub(crate) events: MemorySink,
    /// How often the application was reached.
    pub(crate) reached: Arc<AtomicUsize>,
    key: Secret,
}

/// `GET /health` is public, `GET` and `POST /notes/{id}` want a scope.
pub(crate) fn routes() -> RouteList {
    RouteList::new()
        .route(Method::GET, "/health", "health", RoutePolicy::public("probe"))
        .route(Method::GET, "/notes/{id}", "show", RoutePolicy::requires(scope("read")))
        .route(Method::POST, "/notes/{id}", "write", RoutePolicy::requires(scope("write")))
}

impl Bench {
    pub(crate) fn new(change: impl FnOnce(SecurityBuilder) -> SecurityBuilder) -> Self {
        Self::of(&routes(), change)
    }

    pub(crate) fn of(routes: &RouteList, change: impl FnOnce(SecurityBuilder) -> SecurityBuilder) -> Self {
        let alice =
            Principal::builder("alice", CredentialMethod::ApiKey).scopes(Scopes::parse("read").unwrap());
        Self::for_alice(alice.build(), routes, change)
    }

    /// Where Alice is this one.
    pub(crate) fn for_alice(
        alice: Principal,
        routes: &RouteList,
        change: impl FnOnce(SecurityBuilder) -> SecurityBuilder,
    ) -> Self {
        let (key, api_key) = ApiKey::generate("test_", "alice-1", alice).unwrap();
        let keys = ApiKeys::header(KEY).keys(ApiKeySet::new([api_key]).unwrap());
        let events = MemorySink::keeping(100);
        let security = Security::builder().realm("test").scheme("key", keys).audit(events.clone());
        let reached = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&reached);
        let application = service_fn(move |request: Request<Body>| {
            count.fetch_add(1, Ordering::SeqCst);
            let name = request.extensions().get::<MatchedRoute>().unwrap().name().to_owned();
            let id =
                request.extensions().get::<PathParameters>().and_then(|p| p.get("id").map(str::to_owned));
            async move { Ok(Response::new(Full::from(format!("{name} {}", id.unwrap_or_default())))) }
        });
        let service = change(security).build().unwrap().protect(routes, application).unwrap();
        Self { service: BoxCloneSyncService::new(service), events, reached, key }
    }

    pub(crate) fn as_alice(&self, method: &str, path: &str) -> Builder {
        request(method, path).header(KEY, self.key.expose())
    }

    pub(crate) async fn call(&self, request: Builder) -> Response<Body> {
        self.service.clone().oneshot(request.body(Full::default()).unwrap()).await.unwrap()
    }

    pub(crate) fn times_reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }

    /// The reason in the last event.
    pub(crate) fn last_reason(&self) -> &'static str {
        self.events.events().last().unwrap().reason().map_or("-", |reason| reason.code())
    }
}

pub(crate) fn request(method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(path)
}

/// As it comes from that peer, over plain HTTP.
pub(crate) fn from_peer(request: Builder, peer: &str) -> Builder {
    wire(request.header("host", "api.example.com"), peer)
}

/// The same, and nothing is added.
pub(crate) fn wire(request: Builder, peer: &str) -> Builder {
    request.extension(ConnectionFacts::plain(SocketAddr::new(peer.parse().unwrap(), 1)))
}

pub(crate) async fn text(response: Response<Body>) -> String {
    use http_body_util::BodyExt;
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}
