//! The fields that the rejection of an extractor has of its own.

use axum::response::Response;
use http::HeaderMap;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    HeaderName, TRAILER, TRANSFER_ENCODING,
};

/// Stands beside a [`Denial`](portcullis_core::Denial) in the extensions of a response: the answer has these fields, too,
/// such as `Retry-After` and `Set-Cookie`.
#[derive(Clone, Debug)]
pub(crate) struct OwnFields(HeaderMap);

impl OwnFields {
    /// All but those that tell of the content, which becomes another; `None` if there are no others.
    pub(super) fn of(mut fields: HeaderMap) -> Option<Self> {
        for name in OF_THE_CONTENT {
            fields.remove(name);
        }
        (!fields.is_empty()).then_some(Self(fields))
    }

    /// Adds them to the answer, where it has none of that name.
    pub(crate) fn add_to(self, response: &mut Response) {
        let headers = response.headers_mut();
        for name in self.0.keys().filter(|name| !headers.contains_key(*name)).cloned().collect::<Vec<_>>() {
            for value in self.0.get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
    }
}

/// No refusal is stored either (RFC 6585 §4).
const OF_THE_CONTENT: [HeaderName; 8] = [
    CACHE_CONTROL,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    CONTENT_TYPE,
    TRAILER,
    TRANSFER_ENCODING,
];
