//! The layers from outside, stacked as they belong.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::Full;
use portcullis_core::{ConnectionFacts, Denial, Reason, Rendered, Trail};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

use crate::{
    ClientAddressLayer, Cors, CorsLayer, Edge, PathPolicy, PathPolicyLayer, PlainHttp, PlainHttpLayer,
    TrustedProxies, UpgradeOriginLayer, UpgradeOrigins,
};

const APP: &str = "https://app.example.com";

async fn call(request: Request<()>) -> Response<Full<Bytes>> {
    let cors = Cors::allow(APP).build().unwrap();
    let edge = Edge::new(TrustedProxies::none().network("10.0.0.0/8")).unwrap();
    let service = ServiceBuilder::new()
        .layer(CorsLayer::new(cors.clone()))
        .layer(ClientAddressLayer::new(edge))
        .layer(PathPolicyLayer::new(PathPolicy::strict()))
        .layer(UpgradeOriginLayer::new(UpgradeOrigins::new(cors)))
        .layer(PlainHttpLayer::new(PlainHttp::default()))
        .service(service_fn(async |request: Request<()>| {
            let client = Trail::of(request.extensions()).unwrap().client();
            Ok::<_, Infallible>(Response::new(Full::from(format!("{client:?}"))))
        }));
    service.oneshot(request).await.unwrap()
}

fn request(path: &str, fields: &[(&'static str, &str)]) -> Request<()> {
    let mut request = Request::get(path).extension(ConnectionFacts::plain(([10, 0, 0, 1], 9000).into()));
    for (name, value) in fields.iter().chain(&[("origin", APP)]) {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

#[track_caller]
fn check_problem(response: &Response<Full<Bytes>>, status: u16, reason: Reason) {
    assert_eq!(response.status(), status);
    assert_eq!(response.extensions().get::<Denial>().unwrap().reason(), reason);
    let headers: &HeaderMap = response.headers();
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["access-control-allow-origin"], APP);
    assert!(headers["access-control-expose-headers"].to_str().unwrap().contains("www-authenticate"));
}

#[tokio::test]
async fn a_request_that_nothing_speaks_against_goes_through() {
    let fields =
        [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https"), ("authorization", "Bearer x")];
    let answer = call(request("/documents/1", &fields)).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["access-control-allow-origin"]),
        (200, &APP.parse().unwrap())
    );
}

/// A9.5: every refusal is a problem that the page can read.
#[tokio::test]
async fn each_layer_refuses_with_its_reason() {
    let refused = call(request("/", &[("x-forwarded-for", "nonsense")])).await;
    check_problem(&refused, 400, Reason::MalformedForwarding);
    let refused = call(request("/public/..;/admin", &[])).await;
    check_problem(&refused, 400, Reason::AmbiguousPath);
    let clear =
        [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "http"), ("authorization", "Bearer x")];
    let refused = call(request("/", &clear)).await;
    check_problem(&refused, 400, Reason::PlainHttp);
}

#[tokio::test]
async fn a_foreign_page_opens_no_websocket() {
    let mut handshake = request("/events", &[("upgrade", "websocket")]);
    assert_eq!(call(handshake.clone()).await.status(), 200);
    handshake.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    let refused = call(handshake).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.extensions().get::<Denial>().unwrap().reason(), Reason::OriginNotAllowed);
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
}

/// A preflight is answered before anything else is looked at.
#[tokio::test]
async fn a_preflight_needs_neither_client_nor_path() {
    let mut preflight =
        request("/a//b", &[("access-control-request-method", "PUT"), ("x-forwarded-for", "nonsense")]);
    *preflight.method_mut() = Method::OPTIONS;
    assert_eq!(call(preflight).await.status(), 204);
}

#[tokio::test]
async fn a_layer_takes_a_renderer_and_a_body_of_ones_own() {
    let layer = PathPolicyLayer::new(PathPolicy::strict())
        .with_renderer(|denial: &Denial, _: &_| {
            Rendered::new(http::HeaderValue::from_static("text/plain"), denial.reason().code())
        })
        .with_body(|content: Bytes| content.to_vec());
    let service =
        layer.layer(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Vec::new()))));
    let refused = service.oneshot(request("/a%00", &[])).await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.body().as_slice()), (400, b"ambiguous_path".as_slice()));
}
