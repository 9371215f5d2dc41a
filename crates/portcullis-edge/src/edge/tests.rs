use std::net::IpAddr;

use http::HeaderValue;
use portcullis_core::{ClientAddress, ConnectionFacts, Reason};

use super::*;
use crate::proxies::{ForwardingField, MAX_FORWARDED_ELEMENTS};
use crate::testing::{Head, naughty_strings};

mod origin;

const PROXY: &str = "10.0.0.1";

fn nobody() -> TrustedProxies {
    TrustedProxies::none()
}

fn ten() -> TrustedProxies {
    TrustedProxies::none().network("10.0.0.0/8")
}

fn rfc7239() -> TrustedProxies {
    ten().field(ForwardingField::Forwarded)
}

fn peer(text: &str) -> ClientAddress {
    ClientAddress::Peer(text.parse().unwrap())
}

fn forwarded(text: &str) -> ClientAddress {
    ClientAddress::Forwarded(text.parse().unwrap())
}

fn resolve(proxies: TrustedProxies, head: &Head) -> Result<(), Reason> {
    let edge = Edge::new(proxies).unwrap();
    head.ask(|view| edge.resolve(view)).map_err(|denial| denial.reason())
}

#[track_caller]
fn check(proxies: TrustedProxies, head: &Head, expected: ClientAddress) {
    resolve(proxies, head).unwrap();
    assert_eq!(head.trail().client(), expected);
    assert!(head.noted().is_empty());
}

#[track_caller]
fn check_lines(lines: &[&str], expected: ClientAddress) {
    let head = lines.iter().fold(Head::from(PROXY), |head, line| head.field("x-forwarded-for", line));
    check(ten(), &head, expected);
}

#[track_caller]
fn check_forwarded(lines: &[&str], expected: ClientAddress) {
    let head = lines.iter().fold(Head::from(PROXY), |head, line| head.field("forwarded", line));
    check(rfc7239(), &head, expected);
}

#[track_caller]
fn check_refused(proxies: TrustedProxies, head: &Head) {
    assert_eq!(resolve(proxies, head), Err(Reason::MalformedForwarding));
    assert_eq!(head.noted(), ["malformed_forwarding"]);
    assert_eq!(head.trail().client(), ClientAddress::Unknown);
}

/// A19.3: nobody is trusted unless named.
#[test]
fn believes_nobody_by_default() {
    let spoofed = |head: Head| {
        head.field("x-forwarded-for", "192.0.2.1")
            .field("forwarded", "for=192.0.2.1;proto=https;host=evil.example")
            .field("x-forwarded-proto", "https")
            .field("x-forwarded-host", "evil.example")
            .field("host", "api.example.com")
    };
    for proxies in [nobody(), nobody().hops(0), ten(), rfc7239(), ten().with_x_forwarded_host()] {
        let head = spoofed(Head::from("203.0.113.9"));
        resolve(proxies, &head).unwrap();
        assert_eq!(head.trail().client(), peer("203.0.113.9"));
        let origin = head.trail().origin().unwrap();
        assert!(!origin.secure && !origin.loopback);
        assert_eq!(origin.authority.as_ref().unwrap(), "api.example.com");
    }
}

/// A19.3: from the right, the first that is no proxy.
#[test]
fn takes_the_rightmost_address_that_is_no_proxy() {
    check_lines(&["192.0.2.43"], forwarded("192.0.2.43"));
    check_lines(&["198.51.100.1, 192.0.2.43"], forwarded("192.0.2.43"));
    check_lines(&["198.51.100.1, 192.0.2.43, 10.0.0.3, 10.9.9.9"], forwarded("192.0.2.43"));
    // A client inside of the network of proxies.
    check_lines(&["10.0.0.7, 10.0.0.3"], forwarded("10.0.0.7"));
    check_forwarded(&["for=198.51.100.1, for=192.0.2.43, for=10.0.0.3"], forwarded("192.0.2.43"));
}

/// A19.4: all lines count as one.
#[test]
fn joins_the_lines_of_a_field_in_order() {
    check_lines(&["198.51.100.1", "192.0.2.43"], forwarded("192.0.2.43"));
    check_lines(&["198.51.100.1, 192.0.2.43", "10.0.0.3"], forwarded("192.0.2.43"));
    check_forwarded(&["for=198.51.100.1", "for=192.0.2.43", "for=10.0.0.3"], forwarded("192.0.2.43"));
}

/// A19.4: of two fields the configured one alone is read.
#[test]
fn reads_the_configured_field_alone() {
    let both = || {
        Head::from(PROXY)
            .field("x-forwarded-for", "192.0.2.1")
            .field("forwarded", "for=192.0.2.2;proto=https")
    };
    check(ten(), &both(), forwarded("192.0.2.1"));
    check(rfc7239(), &both(), forwarded("192.0.2.2"));
    check(rfc7239(), &Head::from(PROXY).field("x-forwarded-for", "192.0.2.1"), peer(PROXY));
    check(ten(), &Head::from(PROXY).field("forwarded", "for=192.0.2.2"), peer(PROXY));
}

/// A19.5.
#[test]
fn reads_mapped_addresses_ports_brackets_zones_spaces_and_empty_items() {
    check(
        ten(),
        &Head::from("::ffff:10.0.0.1").field("x-forwarded-for", "192.0.2.1"),
        forwarded("192.0.2.1"),
    );
    check(nobody().network("::ffff:10.0.0.0/104"), &Head::from(PROXY), peer(PROXY));
    check(nobody(), &Head::from("::ffff:192.0.2.1"), peer("192.0.2.1"));
    for (line, expected) in [
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("1.1.1.1, ::ffff:192.0.2.1, ::ffff:10.2.2.2", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        (" \t192.0.2.1\t ", "192.0.2.1"),
        (",, 192.0.2.1 , ,,10.0.0.2,", "192.0.2.1"),
    ] {
        check_lines(&[line], forwarded(expected));
    }
    check_lines(&[""], peer(PROXY));
    check_lines(&[" , ,"], peer(PROXY));
}

/// A19.5.
#[test]
fn garbage_before_the_trusted_part_is_harmless() {
    check_lines(&["\"<script>, unknown,,,;;, 192.0.2.1"], forwarded("192.0.2.1"));
    for garbage in ["for=\"", "for=\"x, for=\\\"", "\"", "\\\"", ";;;for==", "for=\"\\", "fo\u{e4}r=1"] {
        check_forwarded(&[garbage, "for=192.0.2.1"], forwarded("192.0.2.1"));
        check_forwarded(&[&format!("{garbage}, for=\"[2001:db8::1]:80\"")], forwarded("2001:db8::1"));
        check_forwarded(
            &[&format!("{garbage},for=192.0.2.1;proto=http, for=10.0.0.2")],
            forwarded("192.0.2.1"),
        );
    }
}

#[test]
fn garbage_in_the_trusted_part_is_refused() {
    for garbage in
        ["x", "192.0.2.1, 256.0.0.1", "192.0.2.1 192.0.2.2", "1.2.3.4:port", "[::1", "::1]", "\u{e4}"]
    {
        check_refused(ten(), &Head::from(PROXY).field("x-forwarded-for", garbage));
    }
    for garbage in
        ["for", "for=", "for=1.2.3.4;for=1.2.3.4", "for=\"1.2.3.4", "for=2001:db8::1", "for=\"::1\""]
    {
        check_refused(rfc7239(), &Head::from(PROXY).field("forwarded", garbage));
    }
    for (name, value) in
        [("x-forwarded-proto", "ftp"), ("x-forwarded-host", "a b"), ("x-forwarded-host", "u@h")]
    {
        let head = Head::from(PROXY).field("x-forwarded-for", "192.0.2.1").field(name, value);
        check_refused(ten().with_x_forwarded_host(), &head);
    }
    for value in ["for=192.0.2.1;proto=ftp", "for=192.0.2.1;host=\"a b\""] {
        check_refused(rfc7239(), &Head::from(PROXY).field("forwarded", value));
    }
}

#[test]
fn refusal_names_the_element_escaped_and_cut() {
    let head = Head::from(PROXY).field("x-forwarded-for", format!("a\tb{}", "c".repeat(500)));
    let denial = head.ask(|view| Edge::new(ten()).unwrap().resolve(view)).unwrap_err();
    let explanation = denial.explanation().unwrap();
    assert!(explanation.contains(r"`a\u{9}bccc") && explanation.len() < 200, "{explanation}");
    assert_eq!((denial.status().as_u16(), denial.hint_text()), (400, None));
}

/// A19.2.
#[test]
fn unknown_and_obfuscated_nodes_are_an_unknown_client() {
    for node in ["unknown", "UNKNOWN", "_hidden", "_a.b-c_d"] {
        check_forwarded(&[&format!("for=192.0.2.1, for={node}")], ClientAddress::Unknown);
        check_forwarded(&[&format!("for=192.0.2.1, for={node}, for=10.0.0.2")], ClientAddress::Unknown);
        check_lines(&[&format!("192.0.2.1, {node}, 10.0.0.2")], ClientAddress::Unknown);
    }
    // A proxy that forwards need not say for whom (RFC 7239 §4).
    let scheme_alone = Head::from(PROXY).field("x-forwarded-proto", "https");
    check(ten(), &scheme_alone, ClientAddress::Unknown);
    assert!(scheme_alone.trail().origin().unwrap().secure);
    check_forwarded(&["for=192.0.2.1, proto=https"], ClientAddress::Unknown);
}

#[test]
fn hops_count_addresses_from_the_right() {
    let line = "198.51.100.1, 192.0.2.1, 203.0.113.1";
    let from = |line: &str| Head::from("203.0.113.2").field("x-forwarded-for", line);
    check(nobody().hops(1), &from(line), forwarded("203.0.113.1"));
    check(nobody().hops(2), &from(line), forwarded("192.0.2.1"));
    check(nobody().hops(2), &from("192.0.2.1"), forwarded("192.0.2.1"));
    check(nobody().hops(2), &Head::from("203.0.113.2"), peer("203.0.113.2"));
    // Beside networks they are a second bound.
    let inside = || Head::from(PROXY).field("x-forwarded-for", "192.0.2.1, 10.0.0.2, 10.0.0.3");
    check(ten().hops(1), &inside(), forwarded("10.0.0.3"));
    check(ten().hops(9), &inside(), forwarded("192.0.2.1"));
    check(ten().hops(9), &from(line), peer("203.0.113.2"));
}

#[test]
fn trusting_everyone_takes_the_leftmost() {
    let head = Head::from("203.0.113.2").field("x-forwarded-for", "198.51.100.1, 192.0.2.1");
    check(nobody().insecure_trust_everyone(), &head, forwarded("198.51.100.1"));
}

#[test]
fn walks_through_as_many_elements_as_the_limit_and_not_one_more() {
    let line = |proxies: usize| format!("192.0.2.1{}", ", 10.0.0.2".repeat(proxies));
    check_lines(&[&line(MAX_FORWARDED_ELEMENTS - 1)], forwarded("192.0.2.1"));
    check_refused(ten(), &Head::from(PROXY).field("x-forwarded-for", line(MAX_FORWARDED_ELEMENTS)));
    // What is left of the client is not walked through.
    check_lines(&[&format!("{}192.0.2.1", "10.0.0.2,".repeat(10_000))], forwarded("192.0.2.1"));
}

#[test]
fn without_connection_facts_nothing_is_known() {
    let head = Head::new().field("x-forwarded-for", "192.0.2.1").field("host", "a.example");
    resolve(nobody().hops(1), &head).unwrap();
    assert_eq!(head.trail().client(), ClientAddress::Unknown);
    assert_eq!(head.trail().origin(), None);
    // The peer of a Unix socket is in no network.
    let unix = || Head::new().facts(ConnectionFacts::default()).field("x-forwarded-for", "192.0.2.1");
    check(ten(), &unix(), ClientAddress::Unknown);
    check(nobody().hops(1), &unix(), forwarded("192.0.2.1"));
}

#[test]
fn naughty_strings_in_any_field_end_in_an_answer_and_cannot_move_the_client() {
    for value in naughty_strings() {
        let with = |head: Head, name| {
            let mut head = head;
            head.0.headers_mut().insert(name, HeaderValue::clone(&value));
            head
        };
        for name in ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "host"] {
            check(nobody(), &with(Head::from("192.0.2.1"), name), peer("192.0.2.1"));
            for proxies in [ten().with_x_forwarded_host(), rfc7239()] {
                let head = with(Head::from(PROXY), name);
                let result = resolve(proxies, &head);
                assert!(matches!(result, Ok(()) | Err(Reason::MalformedForwarding)), "{value:?}");
            }
        }
        for (name, proxies, own) in
            [("x-forwarded-for", ten(), "192.0.2.1"), ("forwarded", rfc7239(), "for=192.0.2.1")]
        {
            let head = with(Head::from(PROXY), name).field(name, own);
            check(proxies, &head, forwarded("192.0.2.1"));
        }
    }
}

#[test]
fn the_first_word_counts_when_layers_are_stacked() {
    let head = Head::from(PROXY).field("x-forwarded-for", "192.0.2.1").field("x-forwarded-proto", "https");
    resolve(ten(), &head).unwrap();
    resolve(nobody(), &head).unwrap();
    assert_eq!(head.trail().client(), forwarded("192.0.2.1"));
    assert!(head.trail().origin().unwrap().secure);
    assert_eq!(head.trail().client().ip(), Some(IpAddr::from([192, 0, 2, 1])));
}

/// What is resolved before the Trail is shared is what would be resolved later.
#[test]
fn a_direct_client_is_known_before_anybody_asks_and_a_forwarded_one_is_not() {
    let direct = |head: &Head| {
        let edge = Edge::new(ten()).unwrap();
        let facts = head.0.extensions().get::<ConnectionFacts>().unwrap();
        edge.direct(facts, head.0.uri(), head.0.headers())
    };
    for head in [Head::from("192.0.2.1"), Head::over_tls("2001:db8::1"), Head::from("127.0.0.1")] {
        let head = head.field("host", "api.example.com").field("x-forwarded-for", "198.51.100.1");
        resolve(ten(), &head).unwrap();
        let expected = (head.trail().client(), head.trail().origin().cloned());
        assert_eq!(direct(&head), Some(expected));
    }
    assert_eq!(direct(&Head::from(PROXY).field("x-forwarded-for", "198.51.100.1")), None);
    assert_eq!(direct(&Head::from(PROXY)), None);
}
