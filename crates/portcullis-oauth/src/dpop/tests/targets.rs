use super::*;

fn origin(secure: bool, host: &str) -> ExternalOrigin {
    ExternalOrigin::new(secure, Some(host.parse().unwrap()), false)
}

#[track_caller]
fn check(bench: &Bench, origin: Option<ExternalOrigin>, target: &'static str, url: &str, taken: bool) {
    let token = bench.token().sign();
    let proof = bench.client.proof("GET", url, &token).sign();
    let origin = origin.map(|origin| (origin, target));
    let path = if origin.is_some() { "/stripped" } else { target };
    let request = Request::get(path).body(()).unwrap();
    let asked = bench.ask_for(request, origin, &format!("DPoP {token}"), &[&proof]);
    let expected = if taken { Ok(()) } else { Err(Reason::DpopProofMismatch) };
    assert_eq!(asked.reason(), expected, "{url}");
}

/// A6.7, RFC 3986 §6.2.2, §6.2.3.
#[test]
fn htu_is_compared_in_its_normal_form_without_query_and_fragment() {
    let bench = Bench::new(Dpop::new());
    for (url, taken) in [
        ("https://api.example/~a/b%2Fc", true),
        ("https://api.example/~a/b%2Fc?other=1", true),
        ("https://api.example/~a/b%2Fc#x", true),
        ("https://API.example:443/%7ea/b%2fc", true),
        ("https://api.example/x/../~a/./b%2Fc", true),
        ("https://api.example/~a/b/c", false),
        ("https://api.example:8443/~a/b%2Fc", false),
        ("https://user@api.example/~a/b%2Fc", false),
        ("https://\u{430}pi.example/~a/b%2Fc", false),
        ("/~a/b%2Fc", false),
    ] {
        check(&bench, None, "/~a/b%2Fc?query=1", url, taken);
    }
    check(&bench, None, "/", "https://api.example", true);
}

/// A6.8: the path that the client asked for counts, also where a router took a prefix away.
#[test]
fn htu_names_the_path_that_the_client_asked_for() {
    let bench = Bench::new(Dpop::new());
    let here = || Some(origin(true, "api.example"));
    check(&bench, here(), "/api/documents", "https://api.example/api/documents", true);
    check(&bench, here(), "/api/documents", "https://api.example/stripped", false);
}

/// A6.8: behind a proxy that takes a prefix off, the public URL tells where the API is, and the audience does not.
#[test]
fn a_public_url_tells_origin_and_prefix() {
    let url = Some("https://example.com/v1");
    let bench = Bench::known_as(url, &FakeClock::new(), Algorithm::Es256, Dpop::new());
    check(&bench, None, "/documents", "https://example.com/v1/documents", true);
    check(&bench, None, "/documents", "https://example.com/documents", false);
    check(&bench, None, "/documents", "https://example.com/v2/documents", false);
    check(&bench, None, "/documents", "https://example.com/v1documents", false);
    check(&bench, None, "/documents", "https://api.example/v1/documents", false);
    check(&bench, None, "/", "https://example.com/v1", true);
    // What follows a prefix in the text need not stand behind it.
    for (url, taken) in [
        ("https://example.com/v1/../documents", false),
        ("https://example.com/v1/../v2/documents", false),
        ("https://example.com/v1/%2e%2E/documents", false),
        ("https://example.com/v1/./documents", true),
        ("https://example.com/x/../%761/documents", true),
    ] {
        check(&bench, None, "/documents", url, taken);
    }
}

/// A6.8: the origin comes from the configuration; what the client calls us is no reason to believe the proof.
#[test]
fn an_origin_that_only_the_client_names_is_not_taken() {
    let bench = Bench::new(Dpop::new());
    let evil = || Some(origin(true, "evil.example"));
    check(&bench, evil(), "/a", "https://evil.example/a", false);
    check(&bench, evil(), "/a", "https://api.example/a", true);
    check(&bench, Some(origin(false, "api.example")), "/a", "http://api.example/a", false);
    // Behind a proxy that ends TLS and says nothing of it.
    check(&bench, Some(origin(false, "10.0.0.7:8080")), "/a", "https://api.example/a", true);
}

/// A6.8: of several origins of ours, the one that the request came to.
#[test]
fn a_proof_for_one_of_our_origins_is_none_for_another() {
    let two = || Dpop::new().origin("https://a.example").origin("https://b.example:8443");
    let bench = Bench::new(two());
    for (host, url, taken) in [
        ("a.example", "https://a.example/x", true),
        ("a.example", "https://b.example:8443/x", false),
        ("B.example:8443", "https://b.example:8443/x", true),
        ("b.example:8443", "https://a.example/x", false),
        ("inner", "https://a.example/x", true),
        ("inner", "https://b.example:8443/x", true),
        ("inner", "https://api.example/x", false),
    ] {
        check(&bench, Some(origin(true, host)), "/x", url, taken);
    }
}

#[test]
fn the_origin_of_the_request_counts_where_that_was_asked_for() {
    let bench = Bench::new(Dpop::new().danger_origin_of_request());
    check(&bench, Some(origin(true, "tenant.example")), "/x", "https://tenant.example/x", true);
    check(&bench, Some(origin(true, "tenant.example")), "/x", "https://api.example/x", false);
    check(&bench, Some(origin(false, "tenant.example")), "/x", "https://tenant.example/x", false);
}

/// A6.6, RFC 9110 §9.1.
#[test]
fn htm_is_the_method_with_its_case() {
    let bench = Bench::new(Dpop::new());
    let token = bench.token().sign();
    for (method, taken) in [("DELETE", true), ("GET", false), ("delete", false)] {
        let proof = bench.client.proof(method, URL, &token).sign();
        let request = Request::delete("/documents").body(()).unwrap();
        let asked = bench.ask_for(request, None, &format!("DPoP {token}"), &[&proof]);
        assert_eq!(asked.reason().is_ok(), taken, "{method}");
    }
}
