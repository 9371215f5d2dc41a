//! Which host a request is for.

use http::{StatusCode, Version};
use portcullis_audit::MemorySink;
use portcullis_core::ConnectionFacts;
use portcullis_edge::{Cors, TrustedProxies};
use portcullis_stack::Security;

use crate::support::{Bench, from_peer, request, wire};

async fn check(bench: &Bench, request: http::request::Builder, allowed: bool) {
    let status = bench.call(request).await.status();
    let expected = if allowed { (200, "-") } else { (400, "malformed_request") };
    assert_eq!((status.as_u16(), bench.last_reason()), expected);
}

/// RFC 9112 §3.2, RFC 9113 §8.3.1: the same wherever the host was read, by the opener of the Trail or later.
#[tokio::test]
async fn a_request_that_came_over_a_connection_names_one_host() {
    let behind_proxies = |security: portcullis_stack::SecurityBuilder| {
        security.trusted_proxies(TrustedProxies::none().network("192.0.2.0/24"))
    };
    for bench in [Bench::new(|security| security), Bench::new(behind_proxies)] {
        let get = |path: &str| wire(request("GET", path), "192.0.2.3");
        check(&bench, get("/health").header("host", "a.example"), true).await;
        check(&bench, get("/health"), false).await;
        check(&bench, get("http://a.example/health"), false).await;
        check(&bench, get("/health").version(Version::HTTP_10), true).await;
        check(&bench, get("/health").version(Version::HTTP_2), false).await;
        let absolute = || get("http://a.example/health");
        check(&bench, absolute().version(Version::HTTP_2), true).await;
        check(&bench, absolute().header("host", "a.example"), true).await;
        for version in [Version::HTTP_11, Version::HTTP_2] {
            check(&bench, absolute().version(version).header("host", "b.example"), false).await;
            check(&bench, get("http://u@a.example/health").version(version), false).await;
        }
        for host in ["", "a b", "@evil", "a:99999", "a/b"] {
            check(&bench, get("/health").header("host", host), false).await;
        }
        check(&bench, get("/health").header("host", "a").header("host", "a"), false).await;
        assert_eq!(bench.times_reached(), 4);
    }
}

#[tokio::test]
async fn a_request_that_was_made_in_the_process_needs_no_host_but_may_not_name_two() {
    let bench = Bench::new(|security| security);
    check(&bench, request("GET", "/health"), true).await;
    check(&bench, request("GET", "/health").header("host", "a.example"), true).await;
    check(&bench, request("GET", "http://a.example/health"), true).await;
    check(&bench, request("GET", "/health").header("host", "a b"), false).await;
    check(&bench, request("GET", "http://a.example/health").header("host", "b.example"), false).await;
}

/// What `X-Forwarded-Host` says mends no `Host`.
#[tokio::test]
async fn a_proxy_that_names_the_host_sends_a_good_one_itself() {
    let proxies = TrustedProxies::none().network("10.0.0.0/8").with_x_forwarded_host();
    let bench = Bench::new(|security| security.trusted_proxies(proxies));
    let forwarded = |host| {
        let request = wire(request("GET", "/health"), "10.0.0.1").header("x-forwarded-for", "192.0.2.7");
        request.header("x-forwarded-host", "a.example").header("host", host)
    };
    check(&bench, forwarded("inner.example"), true).await;
    check(&bench, forwarded("a b"), false).await;
}

#[tokio::test]
async fn a_preflight_names_one_host_too() {
    let bench = Bench::new(|security| security.cors(Cors::allow("https://app.example.com")));
    let preflight = |host| {
        let request = wire(request("OPTIONS", "/health"), "192.0.2.3").header("host", host);
        request.header("origin", "https://app.example.com").header("access-control-request-method", "GET")
    };
    assert_eq!(bench.call(preflight("a.example")).await.status(), StatusCode::NO_CONTENT);
    let refused = bench.call(preflight("a b")).await;
    assert_eq!((refused.status().as_u16(), bench.last_reason()), (400, "malformed_request"));
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
}

/// A server that refuses by itself says so; who is at the other end is the client, unless that is a proxy.
#[test]
fn a_request_that_nobody_read_has_an_event_that_blames_no_proxy() {
    let events = MemorySink::keeping(10);
    let proxies = TrustedProxies::none().network("10.0.0.0/8");
    let security = Security::builder().audit(events.clone()).trusted_proxies(proxies).build().unwrap();
    for (peer, client) in [("192.0.2.1:1", Some("192.0.2.1")), ("10.0.0.1:1", None)] {
        let facts = ConnectionFacts::plain(peer.parse().unwrap());
        security.record_unread(&facts, StatusCode::BAD_REQUEST, "invalid HTTP header parsed");
        let event = events.events().pop().unwrap();
        assert_eq!(event.client().ip().map(|ip| ip.to_string()).as_deref(), client);
        assert_eq!(event.peer().unwrap().to_string(), peer);
        assert_eq!(event.decisions()[0].detail.as_deref(), Some("invalid HTTP header parsed"));
    }
}

#[tokio::test]
async fn the_event_says_which_host_it_was() {
    let bench = Bench::new(|security| security);
    let detail = async |request| {
        bench.call(request).await;
        bench.events.events().last().unwrap().decisions()[0].detail.as_deref().unwrap().to_owned()
    };
    let from = |request| from_peer(request, "192.0.2.3");
    let bad = wire(request("GET", "/health"), "192.0.2.3").header("host", "a b");
    assert_eq!(detail(bad).await, "Host: `a b` is no host and port");
    let two = from(request("GET", "http://other.example/health"));
    assert_eq!(detail(two).await, "the request target and the Host field name different hosts");
    let none = wire(request("GET", "/health"), "192.0.2.3");
    assert_eq!(detail(none).await, "the request has no Host field");
}
