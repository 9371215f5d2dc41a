use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use portcullis_core::{Denial, OwnAnswer};

/// What the provider is told (§2.8).
#[derive(Clone, Debug)]
#[must_use]
pub struct LogoutAnswer(Result<(), Denial>);

impl LogoutAnswer {
    pub(super) fn new(outcome: Result<(), Denial>) -> Self {
        Self(outcome)
    }

    /// 200, or 400 for whatever went wrong.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        if self.0.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST }
    }

    /// Why the logout was refused or failed.
    #[must_use]
    pub fn denial(&self) -> Option<&Denial> {
        self.0.as_ref().err()
    }

    /// The response, with the denial in its extensions.
    pub fn into_response<B: From<Bytes>>(self) -> Response<B> {
        let status = self.status();
        let body = match &self.0 {
            Ok(()) => Bytes::new(),
            // RFC 6749 §5.2 and §4.1.2.1.
            Err(denial) if denial.is_failure() => Bytes::from_static(
                br#"{"error":"temporarily_unavailable","error_description":"The logout failed."}"#,
            ),
            Err(_) => Bytes::from_static(
                br#"{"error":"invalid_request","error_description":"The logout token was refused."}"#,
            ),
        };
        let mut response = Response::new(B::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Err(denial) = self.0 {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response.extensions_mut().insert(denial);
            // What the specification asks for is no problem document (§2.8).
            response.extensions_mut().insert(OwnAnswer);
        }
        response
    }
}
