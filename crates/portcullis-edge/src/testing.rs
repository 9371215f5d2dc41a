//! Heads of requests for the tests of this crate.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, Request, Version};
use portcullis_core::{Clock, ConnectionFacts, RequestView, TlsFacts, Trail};

/// The head of a request whose Trail is open.
pub(crate) struct Head(pub(crate) Request<()>);

impl Head {
    /// `GET /` without any knowledge of the connection.
    pub(crate) fn new() -> Self {
        let mut request = Request::new(());
        request.extensions_mut().insert(Trail::open(&Clock::system()));
        Self(request)
    }

    /// `GET /` from a peer over plain HTTP.
    pub(crate) fn from(peer: &str) -> Self {
        Self::new().facts(ConnectionFacts::plain(address(peer)))
    }

    /// `GET /` from a peer over TLS.
    pub(crate) fn over_tls(peer: &str) -> Self {
        Self::new().facts(ConnectionFacts::tls(address(peer), Arc::new(TlsFacts::default())))
    }

    pub(crate) fn facts(mut self, facts: ConnectionFacts) -> Self {
        self.0.extensions_mut().insert(facts);
        self
    }

    pub(crate) fn method(mut self, method: Method) -> Self {
        *self.0.method_mut() = method;
        self
    }

    pub(crate) fn target(mut self, uri: &str, version: Version) -> Self {
        *self.0.uri_mut() = uri.parse().unwrap();
        *self.0.version_mut() = version;
        self
    }

    /// Adds a line of a field.
    pub(crate) fn field(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.0.headers_mut().append(HeaderName::from_static(name), value);
        self
    }

    pub(crate) fn trail(&self) -> &Trail {
        self.0.extensions().get().unwrap()
    }

    pub(crate) fn ask<T>(&self, ask: impl FnOnce(&RequestView<'_>) -> T) -> T {
        ask(&RequestView::of(&self.0).unwrap())
    }

    /// The reasons that stand in the Trail.
    pub(crate) fn noted(&self) -> Vec<&'static str> {
        self.trail().read(|state| state.entries.iter().map(|entry| entry.reason.code()).collect())
    }
}

/// The content of a file of test vectors, which stand beside the checkout.
pub(crate) fn vectors(file: &str) -> Option<serde_json::Value> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../../shared/vectors", file].iter().collect();
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("SKIPPED: no vectors at {}", path.display());
    }
    text.map(|text| serde_json::from_str(&text).unwrap())
}

/// Strings that are known to cause trouble, as far as a header field can carry them.
pub(crate) fn naughty_strings() -> Vec<HeaderValue> {
    let strings = vectors("naughty-strings/blns.json").unwrap_or_else(|| serde_json::json!([]));
    let strings = strings.as_array().unwrap().iter().map(|text| text.as_str().unwrap());
    strings.filter_map(|text| HeaderValue::from_bytes(text.as_bytes()).ok()).collect()
}

fn address(peer: &str) -> SocketAddr {
    SocketAddr::new(peer.parse().unwrap(), 49152)
}
