//! What several targets need.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};
use portcullis::Clock;
use portcullis::core::Trail;

/// Reads one field value per line; what no field can hold is left out.
pub(super) fn values(octets: &[u8]) -> impl Iterator<Item = HeaderValue> {
    octets.split(|octet| *octet == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok())
}

/// Reads one field per line, as `name: value`.
pub(super) fn fields(octets: &[u8]) -> HeaderMap {
    let lines = octets.split(|octet| *octet == b'\n').take(64);
    lines
        .filter_map(|line| {
            let colon = line.iter().position(|octet| *octet == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
            Some((name, value))
        })
        .fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        })
}

/// A request with these fields and an open Trail.
pub(super) fn request(method: Method, headers: HeaderMap, target: &str) -> Request<()> {
    let mut request = Request::new(());
    *request.uri_mut() = target.parse().unwrap();
    *request.method_mut() = method;
    *request.headers_mut() = headers;
    Trail::ensure(request.extensions_mut(), &Clock::system());
    request
}
