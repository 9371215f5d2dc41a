//! The list of routes is the only authority.

use crate::support::{Bench, request, text};

#[tokio::test]
async fn a_row_that_matches_is_named_to_the_application_with_its_parameters() {
    let bench = Bench::new(|security| security);
    let response = bench.call(bench.as_alice("GET", "/notes/a%20b?id=c")).await;
    assert_eq!(text(response).await, "show a b");
}

#[tokio::test]
async fn what_the_list_does_not_have_never_reaches_the_application() {
    let bench = Bench::new(|security| security);
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/notes", 404),
        ("GET", "/notes/", 404),
        ("GET", "/notes/1/", 404),
        ("GET", "/notes/1/2", 404),
        ("GET", "/health/", 404),
        ("GET", "/HEALTH", 404),
        ("DELETE", "/notes/1", 405),
        ("OPTIONS", "/notes/1", 405),
        ("TRACE", "/health", 405),
        ("GETX", "/health", 405),
        ("CONNECT", "/health", 405),
    ] {
        assert_eq!(bench.call(bench.as_alice(method, path)).await.status(), status, "{method} {path}");
    }
    assert_eq!(bench.times_reached(), 0);
}

/// It is written once; each request has all of it.
#[tokio::test]
async fn each_request_for_what_is_not_there_has_the_whole_answer_and_an_event() {
    let bench = Bench::new(|security| security);
    for (method, path, reason, status) in [
        ("GET", "/nowhere", "route_not_found", "404"),
        ("GET", "/nowhere", "route_not_found", "404"),
        ("PUT", "/notes/1", "method_not_allowed", "405"),
        ("PUT", "/notes/1", "method_not_allowed", "405"),
    ] {
        let response = bench.call(bench.as_alice(method, path)).await;
        assert_eq!(bench.last_reason(), reason);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(response.headers().keys().all(|name| name != "x-api-key"), "nothing of the request");
        let problem = text(response).await;
        assert!(problem.contains(&format!("\"status\":{status}")), "{problem}");
    }
    let head = bench.call(bench.as_alice("HEAD", "/nowhere")).await;
    assert_eq!((head.status().as_u16(), text(head).await.as_str()), (404, ""));
}

/// RFC 9110 §15.5.6, §9.3.2.
#[tokio::test]
async fn a_405_lists_the_methods_and_get_stands_for_head() {
    let bench = Bench::new(|security| security);
    let wrong = bench.call(bench.as_alice("PUT", "/notes/1")).await;
    assert_eq!(wrong.headers()["allow"], "GET, POST, HEAD");
    assert_eq!(bench.call(bench.as_alice("HEAD", "/notes/1")).await.status(), 200);
    assert_eq!(bench.call(request("HEAD", "/notes/1")).await.status(), 401);
}

#[tokio::test]
async fn the_rule_is_that_of_the_method() {
    let bench = Bench::new(|security| security);
    assert_eq!(bench.call(bench.as_alice("POST", "/notes/1")).await.status(), 403);
    let overridden = bench.as_alice("POST", "/notes/1").header("x-http-method-override", "GET");
    assert_eq!(bench.call(overridden).await.status(), 403);
    assert_eq!((bench.times_reached(), bench.last_reason()), (0, "insufficient_scope"));
}
