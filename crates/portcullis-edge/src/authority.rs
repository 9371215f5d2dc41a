//! The host that the client named, if it named exactly one.

use std::cell::RefCell;
use std::net::Ipv6Addr;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

use crate::origin::default_port;

/// The request target's authority (`:authority` in HTTP/2), or `Host`. If there are two that differ, or
/// something else than a host and a port, nobody knows; [`fault`] says why.
pub(crate) fn of_request(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    match (uri.authority(), headers.get(HOST), second_host(headers)) {
        (Some(target), None, _) => Some(target.clone()).filter(is_host_and_port),
        // RFC 9113 §8.3.1: a `Host` that differs makes the request malformed. RFC 9112 §3.2.2 has it ignored,
        // but whoever forwarded the request may have gone by it.
        (Some(target), Some(host), None) if same(uri, target, host) => {
            Some(target.clone()).filter(is_host_and_port)
        }
        (None, Some(host), None) => recent(host.as_bytes(), Authority::clone),
        _ => None,
    }
}

/// What is wrong with the hosts that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault<'a> {
    /// `Host` stands there more than once.
    Repeated,
    /// The target names no host and port.
    Target(&'a str),
    /// `Host` is no host and port.
    Field(&'a [u8]),
    /// The target and `Host` name two hosts.
    Differing,
}

/// Why [`of_request`] does not know the host of a request that names one.
pub(crate) fn fault<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<Fault<'a>> {
    if second_host(headers).is_some() {
        return Some(Fault::Repeated);
    }
    let (target, host) = (uri.authority(), headers.get(HOST));
    if let Some(target) = target.filter(|target| !is_host_and_port(target)) {
        return Some(Fault::Target(target.as_str()));
    }
    if let Some(host) = host.filter(|host| recent(host.as_bytes(), |_| ()).is_none()) {
        return Some(Fault::Field(host.as_bytes()));
    }
    match (target, host) {
        (Some(target), Some(host)) if !same(uri, target, host) => Some(Fault::Differing),
        _ => None,
    }
}

/// The second field of that name.
fn second_host(headers: &HeaderMap) -> Option<&HeaderValue> {
    // As a rule, no name has two fields, and nothing is looked up.
    if headers.len() == headers.keys_len() { None } else { headers.get_all(HOST).iter().nth(1) }
}

/// Host and port of these octets.
pub(crate) fn parse(text: &[u8]) -> Option<Authority> {
    Authority::try_from(text).ok().filter(is_host_and_port)
}

/// The same, without work or allocation if this thread read the same host last, as servers mostly do.
fn recent<T>(text: &[u8], take: impl FnOnce(&Authority) -> T) -> Option<T> {
    thread_local! {
        static LAST: RefCell<Option<Authority>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| match last {
        Some(last) if last.as_str().as_bytes() == text => Some(take(last)),
        _ => {
            let parsed = parse(text)?;
            Some(take(last.insert(parsed)))
        }
    })
}

/// RFC 9113 §8.3.1, RFC 3986 §6.2: compared without case, and without the port that the scheme has anyway.
fn same(uri: &Uri, target: &Authority, host: &HeaderValue) -> bool {
    let default = uri.scheme_str().and_then(default_port);
    let normal = |one: &Authority, other: &Authority| {
        one.host().eq_ignore_ascii_case(other.host())
            && one.port_u16().or(default) == other.port_u16().or(default)
    };
    target.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes())
        || recent(host.as_bytes(), |host| normal(target, host)) == Some(true)
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
            assert_eq!(recent(text.as_bytes(), Authority::clone), parse(text.as_bytes()), "{text}");
        }
    }
}
