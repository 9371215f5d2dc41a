//! How the server of an issuer fails.

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

use super::body::{Body, json, torn, whole};
use super::server::Outage;

/// Octets that no document of an issuer has: 2 MiB.
const HUGE: usize = 2 * 1024 * 1024;

/// A way in which an authorization server fails to give a document, with the right document in it wherever there
/// is room for one: whoever reads what it should not, finds keys there.
///
/// An answer that does not come at all is [`TestIssuer::hold`](crate::TestIssuer::hold).
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use portcullis_testkit::{ProviderFault, TestIssuer};
///
/// let issuer = TestIssuer::start().await;
/// for fault in ProviderFault::ALL {
///     issuer.fail("/jwks.json", *fault);
///     // ... the code under test must not lose the keys that it has, nor take any from here
///     issuer.answer_as_usual();
/// }
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProviderFault {
    /// The connection is closed without an answer.
    Down,
    /// The document, followed by blanks up to 2 MiB.
    Huge,
    /// 200 with a page that is no JSON, although it says so.
    NotJson,
    /// 302 to another path.
    Redirect,
    /// 500, with the document.
    ServerError,
    /// Half of the document; then the connection breaks.
    Truncated,
    /// 200 with the document as `text/html`.
    WrongContentType,
}

impl ProviderFault {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Down,
        Self::Huge,
        Self::NotJson,
        Self::Redirect,
        Self::ServerError,
        Self::Truncated,
        Self::WrongContentType,
    ];

    pub(crate) fn answer(self, document: String) -> Result<Response<Body>, Outage> {
        let mut response = match self {
            Self::Down => return Err(Outage),
            Self::Huge => json(document.clone() + &" ".repeat(HUGE.saturating_sub(document.len()))),
            Self::NotJson => json("<html>no keys here</html>".to_owned()),
            Self::Truncated => json(String::new()).map(|_| torn(document)),
            Self::Redirect | Self::ServerError | Self::WrongContentType => json(document),
        };
        match self {
            Self::Redirect => {
                *response.status_mut() = StatusCode::FOUND;
                response.headers_mut().insert(LOCATION, HeaderValue::from_static("/elsewhere"));
                *response.body_mut() = whole(Full::default());
            }
            Self::ServerError => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
            Self::WrongContentType => {
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            }
            Self::Down | Self::Huge | Self::NotJson | Self::Truncated => {}
        }
        Ok(response)
    }
}
