//! CORS: a foreign page is never let in, however it spells its origin.

use std::sync::OnceLock;

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN};
use http::{HeaderMap, Method};
use portcullis::core::RequestView;
use portcullis::edge::{Cors, CorsAnswer};

use super::support::{fields, request};

pub fn run(octets: &[u8]) {
    static CORS: OnceLock<Cors> = OnceLock::new();
    let cors = CORS.get_or_init(|| Cors::allow("https://app.example.com").credentials().build().unwrap());
    let is_options = octets.first().is_some_and(|octet| *octet == b'!');
    let method = if is_options { Method::OPTIONS } else { Method::GET };
    let request = request(method, fields(octets.strip_prefix(b"!").unwrap_or(octets)), "/");
    let view = RequestView::of(&request).unwrap();
    let mut answer = HeaderMap::new();
    match cors.decide(&view) {
        CorsAnswer::Preflight(headers) => answer = headers,
        _ => view.trail().apply_fields(&mut answer),
    }
    for allowed in answer.get_all(ACCESS_CONTROL_ALLOW_ORIGIN) {
        assert_eq!(allowed, "https://app.example.com");
        let sent: Vec<_> = request.headers().get_all(ORIGIN).iter().collect();
        assert_eq!(sent, ["https://app.example.com"]);
    }
}
