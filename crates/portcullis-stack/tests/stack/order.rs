//! What stands before what.

use portcullis_core::{Ban, Bans, ClientAddress, Step, StoreError};
use portcullis_edge::{Cors, PlainHttp, TrustedProxies};
use portcullis_ratelimit::{MINUTE, client_ip, per, principal};

use crate::support::{Bench, from_peer, request};

/// Shuts one address out; fails for another.
struct Banned;

impl Bans for Banned {
    fn banned(&self, client: ClientAddress) -> Step<Result<Option<Ban>, StoreError>> {
        let ip = client.ip().map(|ip| ip.to_string());
        Step::Done(match ip.as_deref() {
            Some("192.0.2.1") => Ok(Some(Ban::of(None))),
            Some("192.0.2.2") => Err(StoreError::new("the store is down")),
            _ => Ok(None),
        })
    }
}

#[tokio::test]
async fn a_banned_client_is_refused_and_a_store_that_fails_is_no_pass() {
    let bench = Bench::new(|security| security.bans(Banned));
    for (peer, status, reason) in [
        ("192.0.2.1", 403, "banned"),
        ("192.0.2.2", 503, "store_unavailable"),
        ("192.0.2.3", 200, "-"),
        ("::ffff:192.0.2.1", 403, "banned"),
    ] {
        let response = bench.call(from_peer(request("GET", "/health"), peer)).await;
        assert_eq!((response.status().as_u16(), bench.last_reason()), (status, reason), "{peer}");
    }
    assert_eq!(bench.times_reached(), 1);
}

/// A19.3: a client cannot step out of a ban by saying where it comes from.
#[tokio::test]
async fn only_a_trusted_proxy_says_where_a_request_comes_from() {
    let proxies = TrustedProxies::none().network("10.0.0.0/8");
    let bench = Bench::new(|security| security.bans(Banned).trusted_proxies(proxies));
    let forwarded = |peer, value| from_peer(request("GET", "/health"), peer).header("x-forwarded-for", value);
    for (peer, value, status) in [
        ("192.0.2.1", "198.51.100.7", 403),
        ("10.0.0.1", "198.51.100.7", 200),
        ("10.0.0.1", "198.51.100.7, 192.0.2.1", 403),
        ("10.0.0.1", "192.0.2.1, 198.51.100.7", 200),
        ("10.0.0.1", "nonsense", 400),
    ] {
        assert_eq!(bench.call(forwarded(peer, value)).await.status(), status, "{peer} {value}");
    }
}

/// A1.13.
#[tokio::test]
async fn credentials_over_plain_http_are_refused_unless_nobody_can_listen() {
    let bench = Bench::new(|security| security);
    for (peer, status) in [("127.0.0.1", 200), ("::1", 200), ("192.0.2.3", 400)] {
        let response = bench.call(from_peer(bench.as_alice("GET", "/notes/1"), peer)).await;
        assert_eq!(response.status(), status, "{peer}");
    }
    assert_eq!(bench.last_reason(), "plain_http");
    // Without a credential there is nothing to protect.
    assert_eq!(bench.call(from_peer(request("GET", "/health"), "192.0.2.3")).await.status(), 200);
    let open = Bench::new(|security| security.plain_http(PlainHttp::insecure_allow()));
    assert_eq!(open.call(from_peer(open.as_alice("GET", "/notes/1"), "192.0.2.3")).await.status(), 200);
}

#[tokio::test]
async fn a_preflight_needs_no_rule_and_counts_against_no_limit() {
    let bench = Bench::new(|security| {
        security
            .cors(Cors::allow("https://app.example.com"))
            .limit(per(client_ip()).requests(1).every(MINUTE).named("client"))
            .limit(per(principal()).requests(1).every(MINUTE).named("caller"))
    });
    let preflight = || {
        request("OPTIONS", "/notes/1")
            .header("origin", "https://app.example.com")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "x-api-key")
    };
    for _ in 0..3 {
        let response = bench.call(preflight()).await;
        assert_eq!(response.status(), 204);
        let headers = response.headers()["access-control-allow-headers"].to_str().unwrap().to_lowercase();
        assert!(headers.contains("x-api-key"), "the header of a scheme is allowed without being named");
    }
    assert_eq!((bench.times_reached(), bench.events.events().len()), (0, 3));
    assert_eq!(bench.call(bench.as_alice("GET", "/notes/1")).await.status(), 200);
}

/// A9.5: what outer layers refuse carries the fields too.
#[tokio::test]
async fn a_429_carries_cors_and_limit_fields() {
    let bench = Bench::new(|security| {
        security
            .cors(Cors::allow("https://app.example.com"))
            .limit(per(client_ip()).requests(1).every(MINUTE).named("client"))
    });
    let get = || request("GET", "/health").header("origin", "https://app.example.com");
    assert_eq!(bench.call(get()).await.status(), 200);
    let refused = bench.call(get()).await;
    assert_eq!((refused.status().as_u16(), bench.last_reason()), (429, "quota_exceeded"));
    for field in ["access-control-allow-origin", "ratelimit", "ratelimit-policy", "retry-after", "vary"] {
        assert!(refused.headers().contains_key(field), "{field}");
    }
    assert_eq!(bench.times_reached(), 1);
}

/// Else whoever is shut out goes on to fill audit and log.
#[tokio::test]
async fn what_is_malformed_counts_and_a_banned_client_is_told_of_the_ban_alone() {
    let quota = per(client_ip()).requests(3).every(MINUTE).named("client");
    let bench = Bench::new(|security| security.bans(Banned).limit(quota));
    let call = |path, peer| bench.call(from_peer(request("GET", path), peer));
    assert_eq!(call("//health", "192.0.2.1").await.status(), 403);
    for status in [400, 400, 400, 429] {
        assert_eq!(call("//health", "192.0.2.3").await.status(), status);
    }
    // What is over its limit is not looked at further.
    assert_eq!(call("//health", "192.0.2.3").await.status(), 429);
    let events = bench.events.events();
    let rooms: Vec<_> = events.last().unwrap().decisions().iter().map(|entry| entry.reason.code()).collect();
    assert_eq!(rooms, ["quota_exceeded"]);
    assert_eq!((call("/health", "192.0.2.3").await.status().as_u16(), bench.times_reached()), (429, 0));
    assert_eq!(call("/health", "192.0.2.4").await.status(), 200);
}

#[tokio::test]
async fn a_path_with_two_readings_is_refused_before_it_is_matched() {
    let bench = Bench::new(|security| security);
    for path in ["/notes/../health", "/notes/%2e%2e/health", "//health", "/notes/a%2Fb", "/notes/%00"] {
        let response = bench.call(bench.as_alice("GET", path)).await;
        assert_eq!((response.status().as_u16(), bench.last_reason()), (400, "ambiguous_path"), "{path}");
    }
}

/// RFC 9112 §3.2.
#[tokio::test]
async fn a_request_with_two_hosts_is_malformed() {
    let bench = Bench::new(|security| security);
    for hosts in [["a.example", "b.example"], ["a.example", "a.example"]] {
        let request = request("GET", "/health").header("host", hosts[0]).header("host", hosts[1]);
        assert_eq!(bench.call(request).await.status(), 400);
        assert_eq!(bench.last_reason(), "malformed_request");
    }
}
