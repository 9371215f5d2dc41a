//! The host that the client named, if it named exactly one.

use std::cell::RefCell;
use std::net::Ipv6Addr;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

/// The request target's authority (`:authority` in HTTP/2), or `Host`. If there are two that differ, or
/// something else than a host and a port, nobody knows.
pub(crate) fn of_request(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    match (uri.authority(), headers.get(HOST), second_host(headers)) {
        (Some(target), None, _) => Some(target.clone()).filter(is_host_and_port),
        // RFC 9113 §8.3.1: a `Host` that differs makes the request malformed. RFC 9112 §3.2.2 has it ignored,
        // but whoever forwarded the request may have gone by it.
        (Some(target), Some(host), None) if same(target, host) => {
            Some(target.clone()).filter(is_host_and_port)
        }
        (None, Some(host), None) => recent(host.as_bytes()),
        _ => None,
    }
}

/// The second field of that name.
fn second_host(headers: &HeaderMap) -> Option<&HeaderValue> {
    // As a rule, no name has two fields, and nothing is looked up.
    if headers.len() == headers.keys_len() { None } else { headers.get_all(HOST).iter().nth(1) }
}

/// Whether there is more than one `Host`: whoever reads the other one sees another request (RFC 9112 §3.2).
#[must_use]
pub fn names_two_hosts(headers: &HeaderMap) -> bool {
    second_host(headers).is_some()
}

/// Host and port of these octets.
pub(crate) fn parse(text: &[u8]) -> Option<Authority> {
    Authority::try_from(text).ok().filter(is_host_and_port)
}

/// The same, without work or allocation if this thread read the same host last, as servers mostly do.
fn recent(text: &[u8]) -> Option<Authority> {
    thread_local! {
        static LAST: RefCell<Option<Authority>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| match last {
        Some(last) if last.as_str().as_bytes() == text => Some(last.clone()),
        _ => {
            let parsed = parse(text)?;
            Some(last.insert(parsed).clone())
        }
    })
}

fn same(target: &Authority, host: &HeaderValue) -> bool {
    target.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes())
}

/// No user information, a name or address, and a port of a number or none: narrower than RFC 3986 §3.2, which
/// has room for tricks in registered names.
fn is_host_and_port(authority: &Authority) -> bool {
    let text = authority.as_str();
    let host = authority.host();
    let Some(rest) = text.strip_prefix(host) else { return false };
    let port = match rest.strip_prefix(':') {
        Some(port) => {
            !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
        }
        None => rest.is_empty(),
    };
    text.len() <= MAX_AUTHORITY && port && is_host(host)
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        }
    }
}

/// The most octets of host and port: a full name of the DNS (RFC 1035 §3.1), a colon and five digits.
const MAX_AUTHORITY: usize = 255 + 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_as_many_octets_as_the_limit_and_not_one_more() {
        let host = |octets: usize| format!("{}:65535", "a".repeat(octets - 6));
        assert!(parse(host(MAX_AUTHORITY).as_bytes()).is_some());
        assert_eq!(parse(host(MAX_AUTHORITY + 1).as_bytes()), None);
    }

    #[test]
    fn remembering_the_last_host_changes_no_answer() {
        for text in ["a.example", "a.example", "A.example", "u@a.example", "a.example", "", "b.example"] {
            assert_eq!(recent(text.as_bytes()), parse(text.as_bytes()), "{text}");
        }
    }
}
