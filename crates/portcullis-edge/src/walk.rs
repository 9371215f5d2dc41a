//! From the peer of the connection back to the client, through trusted proxies.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, HeaderValue};
use portcullis_core::escape::Escaped;
use portcullis_core::{Denial, Reason};

use crate::authority;
use crate::forwarded::{self, Element, Node};
use crate::proxies::{ForwardingField, MAX_FORWARDED_ELEMENTS, TrustedProxies};

/// How a request came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nobody who is trusted forwarded it.
    Direct,
    /// Trusted proxies forwarded it; what they did not say is `None`.
    Forwarded { client: Option<IpAddr>, secure: Option<bool>, host: Option<Authority> },
}

/// What a trusted proxy wrote, and cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    field: &'static str,
    explanation: String,
}

impl Malformed {
    fn element(field: &'static str, text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        Self { field, explanation: format!("`{}`", Escaped::new(&text).with_limit(64)) }
    }

    pub(crate) fn into_denial(self) -> Denial {
        let Self { field, explanation } = self;
        Denial::new(Reason::MalformedForwarding)
            .explained(format!("a trusted proxy sent {field} that cannot be read: {explanation}"))
    }
}

/// Walks from the right and takes the first address that is no trusted proxy's (A19.3). What stands left of it
/// is text of the client, and is not looked at.
pub(crate) fn walk(
    proxies: &TrustedProxies,
    peer: Option<IpAddr>,
    headers: &HeaderMap,
) -> Result<Way, Malformed> {
    if !proxies.trusts(0, peer) {
        return Ok(Way::Direct);
    }
    match proxies.reads() {
        ForwardingField::Forwarded => rfc7239(proxies, headers),
        ForwardingField::XForwardedFor => de_facto(proxies, headers),
    }
}

fn rfc7239(proxies: &TrustedProxies, headers: &HeaderMap) -> Result<Way, Malformed> {
    const FIELD: &str = "Forwarded";
    let elements = from_the_right(headers, FORWARDED, forwarded::elements_from_the_right);
    let mut outermost = None;
    let passed = pass(proxies, FIELD, elements, |text| {
        let malformed = || Malformed::element(FIELD, text);
        let element = outermost.insert(Element::parse(text).map_err(|_| malformed())?);
        // A proxy may leave the client out; then nobody knows it.
        element.client().map_or(Some(Node::Unknown), Node::parse).ok_or_else(malformed)
    })?;
    let Some(said) = outermost else { return Ok(Way::Direct) };
    Ok(Way::Forwarded {
        client: passed.client,
        secure: said.scheme().map(|text| secure(FIELD, text.as_bytes())).transpose()?,
        host: said.host().map(|text| host_of(FIELD, text.as_bytes())).transpose()?,
    })
}

/// `X-Forwarded-For` and its relatives. Proxies set or append each of them, so that the value of the outermost
/// trusted proxy is as far from the right as its element of `X-Forwarded-For`, or the leftmost.
fn de_facto(proxies: &TrustedProxies, headers: &HeaderMap) -> Result<Way, Malformed> {
    const FIELD: &str = "X-Forwarded-For";
    let elements = from_the_right(headers, X_FORWARDED_FOR, comma_separated);
    let passed = pass(proxies, FIELD, elements, |text| {
        let node = std::str::from_utf8(text).ok().and_then(Node::parse_lenient);
        node.ok_or_else(|| Malformed::element(FIELD, text))
    })?;
    let outermost = |name| from_the_right(headers, name, comma_separated).take(passed.elements.max(1)).last();
    let scheme = outermost(X_FORWARDED_PROTO);
    let host = outermost(X_FORWARDED_HOST).filter(|_| proxies.reads_x_forwarded_host());
    if passed.elements == 0 && scheme.is_none() {
        return Ok(Way::Direct);
    }
    Ok(Way::Forwarded {
        client: passed.client,
        secure: scheme.map(|text| secure("X-Forwarded-Proto", text)).transpose()?,
        host: host.map(|text| host_of("X-Forwarded-Host", text)).transpose()?,
    })
}

struct Passed {
    /// How many elements trusted proxies wrote.
    elements: usize,
    client: Option<IpAddr>,
}

fn pass<'a>(
    proxies: &TrustedProxies,
    field: &'static str,
    elements: impl Iterator<Item = &'a [u8]>,
    mut read: impl FnMut(&'a [u8]) -> Result<Node, Malformed>,
) -> Result<Passed, Malformed> {
    let mut passed = Passed { elements: 0, client: None };
    for element in elements {
        if passed.elements == MAX_FORWARDED_ELEMENTS {
            let explanation = format!("more than {MAX_FORWARDED_ELEMENTS} trusted elements");
            return Err(Malformed { field, explanation });
        }
        passed.elements += 1;
        // RFC 7239 §6: `unknown` and obfuscated names are no addresses, and nobody knows what is behind them.
        passed.client = read(element)?.address();
        if passed.client.is_none() || !proxies.trusts(passed.elements, passed.client) {
            break;
        }
    }
    Ok(passed)
}

/// All lines of a field count as one (A19.4); empty items do not count (RFC 9110 §5.6.1.2).
fn from_the_right<'a, I>(
    headers: &'a HeaderMap,
    name: &'static str,
    split: impl FnMut(&'a [u8]) -> I,
) -> impl Iterator<Item = &'a [u8]>
where
    I: Iterator<Item = &'a [u8]>,
{
    let lines = headers.get_all(name).iter().rev().map(HeaderValue::as_bytes);
    lines.flat_map(split).map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

fn comma_separated(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.rsplit(|octet| *octet == b',')
}

fn secure(field: &'static str, scheme: &[u8]) -> Result<bool, Malformed> {
    // Some proxies name the scheme of a WebSocket.
    let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
    if is("https") || is("wss") {
        Ok(true)
    } else if is("http") || is("ws") {
        Ok(false)
    } else {
        Err(Malformed::element(field, scheme))
    }
}

fn host_of(field: &'static str, host: &[u8]) -> Result<Authority, Malformed> {
    authority::parse(host).ok_or_else(|| Malformed::element(field, host))
}

const FORWARDED: &str = "forwarded";
const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_HOST: &str = "x-forwarded-host";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";
