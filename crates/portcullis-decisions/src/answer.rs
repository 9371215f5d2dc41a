//! What all engines' answers have in common.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use portcullis_client::Fetched;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// The JSON of a 200. Members that stand there twice are an error where the type knows them.
pub(crate) fn json<T: DeserializeOwned>(answer: &Fetched, expected: &'static str) -> Result<T, Failure> {
    if answer.status != StatusCode::OK {
        return Err(Failure::Status(answer.status.as_u16()));
    }
    if !is_json(answer) {
        return Err(Failure::MediaType);
    }
    object(&answer.body).ok_or(Failure::Malformed(expected))
}

/// A JSON object. A struct would be read from a list, too: `[true]`.
pub(crate) fn object<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(body).ok())?
}

pub(crate) fn is_json(answer: &Fetched) -> bool {
    let value = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
