//! The layer from outside.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{COOKIE, ORIGIN, VARY, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use portcullis_core::{Challenge, Clock, Denial, Reason, RequestView, Step, Trail};
use portcullis_tower::{Decide, DecideLayer};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

use super::{APP, app, text};
use crate::CorsLayer;

#[derive(Debug)]
struct Unauthenticated;

impl Decide for Unauthenticated {
    fn decide(&self, _: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Step::Done(Err(Denial::new(Reason::MissingCredentials).challenge(&Challenge::bearer("documents"))))
    }
}

async fn call(request: Request<()>) -> Response<Full<Bytes>> {
    let service = ServiceBuilder::new()
        .layer(CorsLayer::new(app()))
        .layer(DecideLayer::new(Unauthenticated))
        .service(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::default()))));
    service.oneshot(request).await.unwrap()
}

/// A9.5: a page can read why it was refused.
#[tokio::test]
async fn refusals_carry_the_fields_too() {
    let refused = call(Request::get("/").header(ORIGIN, APP).body(()).unwrap()).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], APP);
    assert_eq!(refused.headers()[VARY], "Origin");
    assert!(refused.headers().contains_key(WWW_AUTHENTICATE));
    let foreign = call(Request::get("/").header(ORIGIN, "null").body(()).unwrap()).await;
    assert_eq!(foreign.status(), 401);
    assert!(!foreign.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_preflight_reaches_no_rule() {
    for (origin, allowed) in [(APP, true), ("https://evil.example", false)] {
        let request = Request::options("/documents").header(ORIGIN, origin);
        let answer = call(request.header("access-control-request-method", "PUT").body(()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers().contains_key("access-control-allow-origin"), allowed);
        assert_eq!(text(answer.headers(), "vary"), Some("Origin"));
        assert!(!answer.headers().contains_key(WWW_AUTHENTICATE));
        assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
    }
}

#[tokio::test]
async fn the_layer_leaves_a_trail_that_stands_to_its_owner_and_takes_a_body_by_closure() {
    let layer = CorsLayer::new(app()).with_body(|content: Bytes| content.len());
    let service = layer.clone().layer(service_fn(async |request: Request<()>| {
        let fields = Trail::of(request.extensions()).unwrap().read(|state| state.fields.len());
        Ok::<_, Infallible>(Response::new(fields))
    }));
    let mut outer = Request::get("/").header(ORIGIN, APP).header(COOKIE, "a=b").body(()).unwrap();
    outer.extensions_mut().insert(Trail::open(&Clock::system()));
    let answer = service.clone().oneshot(outer).await.unwrap();
    assert_eq!(
        (answer.body(), answer.headers().len()),
        (&3, 0),
        "whoever opened the Trail applies its fields"
    );
    let answer = service.oneshot(Request::get("/").header(ORIGIN, APP).body(()).unwrap()).await.unwrap();
    assert_eq!(answer.headers().get("access-control-allow-origin"), Some(&HeaderValue::from_static(APP)));
}
