//! An application in somebody else's router, which takes a prefix away.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use portcullis_axum::{Routes, get};
use portcullis_core::{ConnectionFacts, Trail};
use tower::ServiceExt;

use crate::support::{Bench, request};

async fn asked_for(request: axum::extract::Request) -> String {
    let trail = Trail::of(request.extensions()).unwrap();
    trail.target().map_or_else(|| "as it is".to_owned(), ToString::to_string)
}

async fn body(response: Response) -> String {
    let octets = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
    String::from_utf8(octets.to_vec()).unwrap()
}

/// A6.8: what the client asked for is known, since proofs of possession name it.
#[tokio::test]
async fn the_path_that_the_client_asked_for_is_known_behind_a_router_that_takes_a_prefix_away() {
    let bench = Bench::new(Routes::new().route("/documents", get(asked_for).public("test")));
    let facts = || ConnectionFacts::plain("192.0.2.1:1".parse().unwrap());
    let call = async |router: Router, path: &str| {
        let request =
            request("GET", path).header("host", "a.example").extension(facts()).body(Body::empty()).unwrap();
        body(router.oneshot(request).await.unwrap()).await
    };
    let nested = Router::new().nest_service("/api", bench.app.clone());
    assert_eq!(call(nested.clone(), "/api/documents?a=b").await, "/api/documents?a=b");
    let twice = Router::new().nest("/v1", nested);
    assert_eq!(call(twice, "/v1/api/documents").await, "/v1/api/documents");
    let alone = bench.app.into_router_danger_open_ended();
    assert_eq!(call(alone, "/documents?a=b").await, "as it is");
}
