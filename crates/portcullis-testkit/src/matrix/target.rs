use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use http::request::Parts;

/// Where a resource is, and the body that goes with the request, if it takes another than that of the route.
#[derive(Clone, Debug)]
#[must_use]
pub struct Target {
    pub(super) path: String,
    pub(super) content: Option<Content>,
}

/// A body with its media type.
#[derive(Clone, Debug)]
pub(super) struct Content {
    media_type: &'static str,
    octets: Bytes,
}

impl Target {
    /// The path, as a client writes it, for the template of the relation; a query may follow.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), content: None }
    }

    /// A JSON body (RFC 8259) for every route of the relation.
    pub fn json(self, text: impl Into<String>) -> Self {
        Self { content: Some(Content::json(text.into())), ..self }
    }
}

impl From<String> for Target {
    fn from(path: String) -> Self {
        Self::new(path)
    }
}

impl From<&str> for Target {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl Content {
    pub(super) fn json(text: String) -> Self {
        Self { media_type: "application/json", octets: text.into() }
    }

    /// Says in the head what the body is, and gives it.
    pub(super) fn announce(&self, parts: &mut Parts) -> Bytes {
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        self.octets.clone()
    }
}
