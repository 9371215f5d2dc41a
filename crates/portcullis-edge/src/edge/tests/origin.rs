//! Scheme and host.

use http::Version;

use super::*;

#[track_caller]
fn check_origin(proxies: TrustedProxies, head: &Head, expected: Option<(bool, Option<&str>, bool)>) {
    resolve(proxies, head).unwrap();
    let origin = head.trail().origin();
    let found = origin.map(|o| (o.secure, o.authority.as_ref().map(Authority::as_str), o.loopback));
    assert_eq!(found, expected);
}

#[test]
fn a_direct_origin_is_that_of_the_connection_and_host() {
    let host = |head: Head| head.field("host", "api.example.com:8443");
    let direct = Some("api.example.com:8443");
    check_origin(nobody(), &host(Head::over_tls("192.0.2.1")), Some((true, direct, false)));
    check_origin(nobody(), &host(Head::from("192.0.2.1")), Some((false, direct, false)));
    for loopback in ["127.0.0.1", "::1", "::ffff:127.0.0.9"] {
        check_origin(nobody(), &host(Head::from(loopback)), Some((false, direct, true)));
    }
    check_origin(nobody(), &Head::from("192.0.2.1"), Some((false, None, false)));
}

/// A19.7.
#[test]
fn scheme_and_host_are_those_that_the_outermost_proxy_saw() {
    let line = "for=6.6.6.6;proto=https;host=evil.example, for=192.0.2.1;host=\"a.example:81\";proto=HTTPS, \
                for=10.0.0.2;proto=http;host=inner.example";
    let head = Head::from(PROXY).field("forwarded", line).field("host", "innermost.example");
    check_origin(rfc7239(), &head, Some((true, Some("a.example:81"), false)));

    let chain = |proto: &str, host: &str| {
        Head::from(PROXY)
            .field("x-forwarded-for", "6.6.6.6, 192.0.2.1, 10.0.0.2")
            .field("x-forwarded-proto", proto)
            .field("x-forwarded-host", host)
            .field("host", "inner.example")
    };
    let hosts = || ten().with_x_forwarded_host();
    // Each proxy appends, or the last one to set it prevails.
    check_origin(
        hosts(),
        &chain("http, https, http", "x, a.example, y"),
        Some((true, Some("a.example"), false)),
    );
    check_origin(hosts(), &chain("https", "a.example"), Some((true, Some("a.example"), false)));
    check_origin(hosts(), &chain("wss", "a.example"), Some((true, Some("a.example"), false)));
    check_origin(ten(), &chain("https", "evil.example"), Some((true, Some("inner.example"), false)));
}

#[test]
fn a_proxy_that_names_no_scheme_leaves_the_origin_unknown() {
    let head = || Head::from(PROXY).field("host", "a.example");
    check_origin(ten(), &head().field("x-forwarded-for", "192.0.2.1"), None);
    check_origin(rfc7239(), &head().field("forwarded", "for=192.0.2.1"), None);
    // The proxy's own requests, such as probes, are not forwarded.
    check_origin(ten(), &head(), Some((false, Some("a.example"), false)));
    let forwarded =
        Head::from("127.0.0.1").field("x-forwarded-for", "::1").field("x-forwarded-proto", "http");
    check_origin(nobody().network("127.0.0.0/8"), &forwarded, Some((false, None, false)));
}

#[track_caller]
fn check_host(head: &Head, expected: Option<&str>) {
    check_origin(nobody(), head, Some((false, expected, false)));
}

#[test]
fn hostile_hosts_are_no_host() {
    for good in ["a.example", "A.Example:8080", "192.0.2.1:80", "[2001:db8::1]:443", "[::1]", "a_b.internal"]
    {
        check_host(&Head::from("192.0.2.1").field("host", good), Some(good));
    }
    let hostile = [
        "",
        " ",
        "a.example, b.example",
        "a.example b.example",
        "user@a.example",
        "user:pass@a.example",
        "a.example:",
        "a.example:99999",
        "a.example:80:80",
        "a.example:x",
        ":80",
        "[::1",
        "[::1]x",
        "[::1%25eth0]",
        "[evil]",
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "<script>",
        "a%2eexample",
        "a\tb",
        "\u{e4}.example",
        "a'b",
        "*",
    ];
    for bad in hostile {
        check_host(&Head::from("192.0.2.1").field("host", bad), None);
    }
    let twice = |a: &str, b: &str| Head::from("192.0.2.1").field("host", a).field("host", b);
    check_host(&twice("a.example", "b.example"), None);
    check_host(&twice("a.example", "a.example"), None);
}

/// RFC 9113 §8.3.1.
#[test]
fn the_target_and_host_must_agree() {
    let head = || Head::from("192.0.2.1").target("http://a.example/x", Version::HTTP_2);
    check_host(&head(), Some("a.example"));
    check_host(&head().field("host", "A.example"), Some("a.example"));
    check_host(&head().field("host", "b.example"), None);
    check_host(&head().field("host", "a.example").field("host", "a.example"), None);
    check_host(&Head::from("192.0.2.1").target("http://u@a.example/x", Version::HTTP_11), None);
}
