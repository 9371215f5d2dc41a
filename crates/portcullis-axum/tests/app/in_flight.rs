//! How many requests of one client are in flight at once: a body that a client has not read yet counts.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use portcullis_axum::{Routes, get};
use portcullis_core::ConnectionFacts;
use portcullis_ratelimit::{client_ip, in_flight};

use crate::support::{Bench, request};

/// A21.4.
#[tokio::test]
async fn a_body_holds_the_place_of_its_request_until_the_client_has_it() {
    let endless = async || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let routes = Routes::new()
        .route("/endless", get(endless).public("test"))
        .route("/small", get(async || "small").public("test"));
    let bench = Bench::with(routes, |security| security.in_flight(in_flight(client_ip()).at_most(1)));
    let call = async |path, client: &str| {
        let facts = ConnectionFacts::plain(format!("{client}:1").parse().unwrap());
        bench.call(request("GET", path).header("host", "api.example.com").extension(facts)).await
    };
    let held = call("/endless", "192.0.2.1").await;
    assert_eq!(held.status(), 200);
    assert_eq!(call("/small", "192.0.2.1").await.status(), 429);
    assert_eq!(bench.last_reason(), "in_flight_exceeded");
    assert_eq!(call("/small", "192.0.2.2").await.status(), 200);
    drop(held);
    let small = call("/small", "192.0.2.1").await;
    assert_eq!(small.status(), 200);
    // What is small and at hand holds nobody up.
    assert_eq!(call("/small", "192.0.2.1").await.status(), 200);
}
