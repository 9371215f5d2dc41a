use std::net::SocketAddr;

use http::{HeaderName, Request};
use portcullis_core::{ClientAddress, Clock, ConnectionFacts, Reason, Trail};

use super::{FakeTime, by_principal, check, from};
use crate::{LimitKey, MINUTE, Phase, UnknownClient, attempted_user, by, client_ip, header, per, principal};

/// Whether the two requests are counted as one.
fn together(key: LimitKey, first: &Request<()>, second: &Request<()>) -> bool {
    let limiter = per(key).requests(1).every(MINUTE).build(&FakeTime::new().clock()).unwrap();
    check(&limiter, first).unwrap();
    check(&limiter, second).is_err()
}

#[track_caller]
fn check_addresses(first: &str, second: &str, expected: bool) {
    assert_eq!(together(client_ip(), &from(first), &from(second)), expected, "{first} and {second}");
}

/// A19.5, A19.6.
#[test]
fn addresses_are_counted_by_network_and_family() {
    check_addresses("192.0.2.1", "192.0.2.1", true);
    check_addresses("192.0.2.1", "192.0.2.2", false);
    check_addresses("192.0.2.1", "::ffff:192.0.2.1", true);
    check_addresses("::ffff:192.0.2.1", "::ffff:192.0.2.2", false);
    check_addresses("2001:db8::1", "2001:db8::2", true);
    check_addresses("2001:db8::1", "2001:db8:0:ff::1", true);
    check_addresses("2001:db8::1", "2001:db8:0:100::1", false);
    check_addresses("0.0.0.0", "::", false);
}

/// A19.6.
#[test]
fn the_prefix_of_ipv6_networks_can_be_chosen() {
    let counted_together = |bits, first, second| {
        let limit = per(client_ip()).requests(1).every(MINUTE).ipv6_prefix(bits);
        let limiter = limit.build(&FakeTime::new().clock()).unwrap();
        check(&limiter, &from(first)).unwrap();
        check(&limiter, &from(second)).is_err()
    };
    assert!(counted_together(64, "2001:db8::1", "2001:db8::ffff"));
    assert!(!counted_together(64, "2001:db8::1", "2001:db8:0:1::1"));
    assert!(!counted_together(128, "2001:db8::1", "2001:db8::2"));
    assert!(counted_together(1, "2001:db8::1", "2a00::1"));
    assert!(!counted_together(1, "192.0.2.1", "192.0.2.2"), "IPv4 is never cut");
}

/// A19.2.
#[test]
fn clients_without_an_address_share_a_quota_apart_from_all_others() {
    assert!(together(client_ip(), &from("unknown"), &from("unknown")));
    assert!(!together(client_ip(), &from("unknown"), &from("0.0.0.0")));
    assert!(!together(client_ip(), &from("0.0.0.0"), &from("unknown")));
}

/// A19.2.
#[test]
fn clients_without_an_address_are_refused_where_that_was_chosen() {
    let limit = per(client_ip()).requests(1).every(MINUTE).unknown_client(UnknownClient::Refuse);
    let limiter = limit.build(&Clock::system()).unwrap();
    assert_eq!(check(&limiter, &from("unknown")).unwrap_err().reason(), Reason::Misconfigured);
    assert!(check(&limiter, &from("192.0.2.1")).is_ok());
}

#[test]
fn without_an_edge_layer_the_peer_of_the_connection_is_counted() {
    let connected = |peer: &str| {
        let mut request = Request::new(());
        request.extensions_mut().insert(ConnectionFacts::plain(peer.parse::<SocketAddr>().unwrap()));
        Trail::ensure(request.extensions_mut(), &Clock::system());
        request
    };
    assert!(together(client_ip(), &connected("192.0.2.1:1000"), &connected("192.0.2.1:2000")));
    assert!(!together(client_ip(), &connected("192.0.2.1:1000"), &connected("192.0.2.2:1000")));
    // The edge layer's word counts, also when it says that nobody knows.
    let resolved = connected("192.0.2.1:1000");
    Trail::of(resolved.extensions()).unwrap().set_client(ClientAddress::Unknown);
    assert!(!together(client_ip(), &resolved, &connected("192.0.2.1:1000")));
}

#[test]
fn callers_are_counted_by_issuer_and_subject() {
    let alice = by_principal("https://a.example", "alice");
    assert!(together(principal(), &alice, &by_principal("https://a.example", "alice")));
    assert!(!together(principal(), &alice, &by_principal("https://a.example", "bob")));
    assert!(!together(principal(), &alice, &by_principal("https://b.example", "alice")));
    // No choice of names makes two callers one.
    assert!(!together(principal(), &by_principal("a", "bc"), &by_principal("ab", "c")));
}

#[test]
fn anonymous_callers_are_counted_by_address_apart_from_known_ones() {
    let (anonymous, other) = (from("192.0.2.1"), from("192.0.2.2"));
    assert!(together(principal(), &anonymous, &from("192.0.2.1")));
    assert!(!together(principal(), &anonymous, &other));
    assert!(!together(principal(), &anonymous, &by_principal("https://a.example", "alice")));
}

#[test]
fn a_header_is_counted_by_value_and_its_absence_by_address() {
    let tenant = HeaderName::from_static("x-tenant");
    let sent = |values: &[&str], ip| {
        let mut request = from(ip);
        for value in values {
            request.headers_mut().append(&tenant, value.parse().unwrap());
        }
        request
    };
    let together = |first, second| together(header(tenant.clone()), &first, &second);
    assert!(together(sent(&["a"], "192.0.2.1"), sent(&["a"], "192.0.2.2")));
    assert!(!together(sent(&["a"], "192.0.2.1"), sent(&["b"], "192.0.2.1")));
    assert!(together(sent(&[], "192.0.2.1"), sent(&[], "192.0.2.1")));
    assert!(!together(sent(&[], "192.0.2.1"), sent(&[], "192.0.2.2")));
    assert!(together(sent(&["a", "b"], "192.0.2.1"), sent(&[], "192.0.2.1")), "repeated: as if absent");
    assert!(!together(sent(&["192.0.2.1"], "192.0.2.1"), sent(&[], "192.0.2.1")));
}

#[test]
fn a_closure_is_counted_by_value_and_nothing_by_address() {
    let key = || by("path", |request| Some(request.uri().path().to_owned()).filter(|path| path != "/"));
    let to = |path: &str, ip| {
        let mut request = from(ip);
        *request.uri_mut() = path.parse().unwrap();
        request
    };
    assert!(together(key(), &to("/a", "192.0.2.1"), &to("/a", "192.0.2.2")));
    assert!(!together(key(), &to("/a", "192.0.2.1"), &to("/b", "192.0.2.1")));
    assert!(together(key(), &to("/", "192.0.2.1"), &to("/", "192.0.2.1")));
    assert!(!together(key(), &to("/", "192.0.2.1"), &to("/", "192.0.2.2")));
}

#[test]
fn every_key_has_its_place_in_the_request_s_way() {
    let phase = |key: LimitKey| per(key).requests(1).every(MINUTE).build(&Clock::system()).unwrap().phase();
    let closure = || by("method", |request| Some(request.method().clone()));
    assert_eq!(phase(client_ip()), Phase::Anonymous);
    assert_eq!(phase(header(HeaderName::from_static("x-tenant"))), Phase::Anonymous);
    assert_eq!(phase(closure().before_authentication()), Phase::Anonymous);
    assert_eq!(phase(closure()), Phase::Identity);
    assert_eq!(phase(principal().before_authentication()), Phase::Identity);
    assert_eq!(phase(attempted_user()), Phase::Attempt);
}

#[test]
fn a_limit_on_attempts_asked_about_a_request_is_no_pass() {
    let limiter = per(attempted_user()).requests(1).every(MINUTE).build(&Clock::system()).unwrap();
    assert_eq!(check(&limiter, &from("192.0.2.1")).unwrap_err().reason(), Reason::Misconfigured);
}
