//! Rejections of extractors, told as problems.

use axum::body::to_bytes;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use portcullis_core::escape::Escaped;
use portcullis_core::{Denial, Reason};

/// The longest explanation of an extractor that is read, in bytes.
const MAX_EXPLANATION: usize = 4 * 1024;

/// Turns the plain-text rejection of an extractor into a refusal with a reason.
///
/// A rejection that is a [`Denial`] already stays one, and so does the answer of an extractor that renders its
/// own rejections as something other than plain text.
///
/// The rejection itself need not be `Send`: it is turned into its response at once.
pub(crate) fn explain<R: IntoResponse>(rejection: R) -> impl Future<Output = Response> + Send + use<R> {
    explain_response(rejection.into_response())
}

async fn explain_response(rejection: Response) -> Response {
    let plain = |value: &HeaderValue| value.as_bytes().starts_with(b"text/plain");
    let is_plain = rejection.headers().get(CONTENT_TYPE).is_none_or(plain);
    let Some(reason) = reason_of(rejection.status()) else { return rejection };
    if !is_plain || rejection.extensions().get::<Denial>().is_some() {
        return rejection;
    }
    let text = to_bytes(rejection.into_body(), MAX_EXPLANATION).await.unwrap_or_default();
    let text = Escaped::new(&String::from_utf8_lossy(&text)).to_string();
    let denial = Denial::new(reason);
    // What is wrong with the server is not for the caller; what is wrong with the request is.
    let denial = if denial.is_failure() { denial.explained(text) } else { denial.hint(text) };
    denial.into_response()
}

fn reason_of(status: StatusCode) -> Option<Reason> {
    match status {
        StatusCode::BAD_REQUEST => Some(Reason::MalformedRequest),
        StatusCode::PAYLOAD_TOO_LARGE => Some(Reason::BodyTooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(Reason::UnsupportedMediaType),
        StatusCode::UNPROCESSABLE_ENTITY => Some(Reason::UnprocessableBody),
        StatusCode::INTERNAL_SERVER_ERROR => Some(Reason::Misconfigured),
        _ => None,
    }
}
