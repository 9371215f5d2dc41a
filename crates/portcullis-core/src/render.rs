//! The one door for refusals: from a [`Denial`] to a response.

mod emptied;
mod fields;
mod prepared;
mod problem;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, request};

use self::emptied::Emptied;
use self::fields::common_fields;
pub(crate) use self::prepared::PreparedAnswer;
pub use self::problem::ProblemJson;
use crate::denial::Denial;

/// Writes the body of a refusal.
///
/// It shapes the body and its media type alone: status, challenges, `Retry-After` and `Cache-Control` are set
/// by [`Refuse`] and cannot be changed here. Closures implement it. In place of one that panics, [`ProblemJson`]
/// writes the body.
pub trait RenderDenial: Send + Sync + 'static {
    /// The body for the denial.
    fn render(&self, denial: &Denial, request: &RefusedRequest) -> Rendered;
}

impl<F> RenderDenial for F
where
    F: Fn(&Denial, &RefusedRequest) -> Rendered + Send + Sync + 'static,
{
    fn render(&self, denial: &Denial, request: &RefusedRequest) -> Rendered {
        self(denial, request)
    }
}

/// A body with its media type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rendered {
    /// `Content-Type`.
    pub content_type: HeaderValue,
    /// The content.
    pub content: Bytes,
}

impl Rendered {
    /// A body of that media type.
    pub fn new(content_type: HeaderValue, content: impl Into<Bytes>) -> Self {
        Self { content_type, content: content.into() }
    }
}

/// What must be known of a request to refuse it after it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedRequest {
    /// The protocol of the answer.
    pub protocol: Protocol,
    /// Whether the answer has no body (RFC 9110 §9.3.2).
    pub head: bool,
}

/// The protocol of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// gRPC: 200 with `grpc-status`.
    Grpc,
    /// Plain HTTP.
    Http,
}

impl RefusedRequest {
    /// Notes what is needed of the request.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::of_head(request.method(), request.headers())
    }

    /// Notes what is needed of the head.
    #[must_use]
    pub fn of_parts(parts: &request::Parts) -> Self {
        Self::of_head(&parts.method, &parts.headers)
    }

    /// Notes what is needed of a method and its fields.
    pub(crate) fn of_head(method: &Method, headers: &HeaderMap) -> Self {
        let grpc = headers.get(CONTENT_TYPE).is_some_and(|value| {
            let rest = value.as_bytes().strip_prefix(b"application/grpc");
            rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
        });
        let protocol = if grpc { Protocol::Grpc } else { Protocol::Http };
        Self { protocol, head: method == Method::HEAD }
    }
}

/// Turns bytes into the body type of a stack.
pub trait BodyFrom<B>: Clone + Send + Sync + 'static {
    /// A body of these bytes.
    fn body(&self, content: Bytes) -> B;
}

/// For every body that is made `From<Bytes>`: axum's `Body`, `http_body_util::Full<Bytes>`.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit to be named in expressions")]
pub struct FromBytes;

impl<B: From<Bytes>> BodyFrom<B> for FromBytes {
    fn body(&self, content: Bytes) -> B {
        content.into()
    }
}

/// For every other body (`BoxBody`, tonic's): a closure.
impl<B, F: Fn(Bytes) -> B + Clone + Send + Sync + 'static> BodyFrom<B> for F {
    fn body(&self, content: Bytes) -> B {
        self(content)
    }
}

/// Answers refused requests: problem+json by default.
///
/// ```
/// use http::Request;
/// use portcullis_core::{Challenge, Denial, Reason, Refuse, RefusedRequest};
///
/// let request = RefusedRequest::of(&Request::new(()));
/// let denial = Denial::new(Reason::MissingCredentials).challenge(&Challenge::bearer("documents"));
/// let response: http::Response<bytes::Bytes> = Refuse::default().response(denial, &request);
/// assert_eq!(response.status(), 401);
/// assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"documents\"");
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// assert_eq!(response.extensions().get::<Denial>().unwrap().reason(), Reason::MissingCredentials);
/// ```
#[derive(Clone)]
pub struct Refuse<F = FromBytes> {
    renderer: Option<Arc<dyn RenderDenial>>,
    body: F,
}

impl Refuse {
    /// Renders [`ProblemJson`] into any body that is made `From<Bytes>`.
    #[must_use]
    pub const fn new() -> Self {
        Self { renderer: None, body: FromBytes }
    }
}

impl<F> Refuse<F> {
    /// Takes another renderer. By default, this is [`ProblemJson`].
    #[must_use]
    pub fn with_renderer(self, renderer: impl RenderDenial) -> Self {
        Self { renderer: Some(Arc::new(renderer)), ..self }
    }

    /// Makes the body by a closure. By default, this is [`FromBytes`].
    #[must_use]
    pub fn with_body<G>(self, body: G) -> Refuse<G> {
        Refuse { renderer: self.renderer, body }
    }

    /// The answer to a refused request.
    pub fn response<B>(&self, denial: Denial, request: &RefusedRequest) -> Response<B>
    where
        F: BodyFrom<B>,
    {
        self.fill(denial, request, Emptied::default())
    }

    /// The same in place of the request: what its fields and extensions took is emptied, and the answer stands in it. To
    /// refuse a flood of requests is to cost little, and so the allocator is not asked for what is at hand.
    pub fn answer<A, B>(&self, denial: Denial, request: Request<A>, refused: &RefusedRequest) -> Response<B>
    where
        F: BodyFrom<B>,
    {
        self.fill(denial, refused, Emptied::of(request))
    }

    fn fill<B>(&self, denial: Denial, request: &RefusedRequest, emptied: Emptied) -> Response<B>
    where
        F: BodyFrom<B>,
    {
        let mut response = match request.protocol {
            Protocol::Grpc => self.grpc(&denial, emptied),
            Protocol::Http => self.http(&denial, request, emptied),
        };
        response.extensions_mut().insert(denial);
        response
    }

    fn http<B>(&self, denial: &Denial, request: &RefusedRequest, mut emptied: Emptied) -> Response<B>
    where
        F: BodyFrom<B>,
    {
        if let Some(answer) = denial.prepared_answer()
            && self.renderer.is_none()
            && !request.head
        {
            let headers = answer.fields(&mut emptied, denial.own_wait());
            let mut response = emptied.response(self.body.body(answer.content.clone()), headers);
            *response.status_mut() = denial.status();
            return response;
        }
        // A renderer is code of others: its panic must not cost the refusal.
        let own = |renderer: &Arc<dyn RenderDenial>| {
            catch_unwind(AssertUnwindSafe(|| renderer.render(denial, request))).ok()
        };
        let rendered = self.renderer.as_ref().and_then(own);
        let rendered = rendered.unwrap_or_else(|| ProblemJson.render(denial, request));
        let length = rendered.content.len();
        let content = if request.head { Bytes::new() } else { rendered.content };
        let mut headers = emptied.fields();
        if request.head {
            // RFC 9110 §8.6: the length that the answer to a GET would have, or none.
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        headers.insert(CONTENT_TYPE, rendered.content_type);
        common_fields(&mut headers, denial);
        let mut response = emptied.response(self.body.body(content), headers);
        *response.status_mut() = denial.status();
        response
    }

    /// A response of headers alone, as gRPC has it for calls that fail before they begin.
    fn grpc<B>(&self, denial: &Denial, mut emptied: Emptied) -> Response<B>
    where
        F: BodyFrom<B>,
    {
        let mut headers = emptied.fields();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", HeaderValue::from(u16::from(denial.kind().grpc_status())));
        // INVARIANT: titles are plain ASCII and need no percent-encoding.
        headers.insert("grpc-message", HeaderValue::from_static(denial.kind().title()));
        common_fields(&mut headers, denial);
        emptied.response(self.body.body(Bytes::new()), headers)
    }
}

impl Default for Refuse {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> std::fmt::Debug for Refuse<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refuse").field("custom_renderer", &self.renderer.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::{Challenge, ProblemType, Reason};

    fn refuse(denial: Denial, request: &Request<()>) -> Response<Bytes> {
        Refuse::new().response(denial, &RefusedRequest::of(request))
    }

    /// A9.1, RFC 9457 §3.1.2.
    #[test]
    fn the_status_member_equals_the_status() {
        for reason in Reason::ALL.iter().filter(|reason| reason.problem().is_some()) {
            let response = refuse(Denial::new(*reason), &Request::new(()));
            let problem: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(problem["status"], response.status().as_u16(), "{}", reason.code());
            assert_eq!(response.headers()["cache-control"], "no-store");
        }
    }

    #[test]
    fn the_explanation_never_reaches_the_caller() {
        let response = refuse(Denial::misconfigured("SECRET hint").explained("SECRET"), &Request::new(()));
        assert!(!String::from_utf8_lossy(response.body()).contains("SECRET"));
    }

    /// A9.5.
    #[test]
    fn a_renderer_shapes_the_body_but_neither_status_nor_challenge() {
        let plain = |denial: &Denial, _: &RefusedRequest| {
            Rendered::new(HeaderValue::from_static("text/plain"), denial.kind().title())
        };
        let denial = Denial::new(Reason::MissingCredentials).challenge(&Challenge::bearer("r"));
        let request = RefusedRequest::of(&Request::new(()));
        let response: Response<Bytes> = Refuse::new().with_renderer(plain).response(denial, &request);
        assert_eq!(
            (response.status().as_u16(), response.body().as_ref()),
            (401, &b"Authentication is required"[..])
        );
        assert!(response.headers().contains_key("www-authenticate"));
    }

    #[test]
    fn a_renderer_that_panics_changes_no_refusal() {
        let broken = |_: &Denial, _: &RefusedRequest| -> Rendered { panic!("s3cret") };
        let denial = Denial::new(Reason::MissingCredentials).challenge(&Challenge::bearer("r"));
        let request = RefusedRequest::of(&Request::new(()));
        let response: Response<Bytes> = Refuse::new().with_renderer(broken).response(denial, &request);
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert!(response.headers().contains_key("www-authenticate"));
    }

    #[test]
    fn a_head_request_is_refused_without_a_body() {
        let request = Request::builder().method(Method::HEAD).body(()).unwrap();
        let response = refuse(Denial::new(Reason::RouteNotFound), &request);
        assert_eq!((response.status().as_u16(), response.body().len()), (404, 0));
        // RFC 9110 §8.6: the length is that of the answer to a GET.
        let get = refuse(Denial::new(Reason::RouteNotFound), &Request::new(()));
        assert_eq!(response.headers()["content-length"], get.body().len().to_string());
    }

    #[test]
    fn a_grpc_request_is_answered_200_with_a_grpc_status() {
        for (reason, status) in [
            (Reason::MissingCredentials, "16"),
            (Reason::InsufficientScope, "7"),
            (Reason::QuotaExceeded, "8"),
            (Reason::StoreUnavailable, "14"),
        ] {
            let request =
                Request::builder().header("content-type", "application/grpc+proto").body(()).unwrap();
            let response = refuse(Denial::new(reason), &request);
            assert_eq!(
                (response.status().as_u16(), response.headers()["grpc-status"].to_str().unwrap()),
                (200, status)
            );
        }
    }

    #[test]
    fn every_title_can_stand_in_a_header_field() {
        for problem in ProblemType::ALL {
            assert!(problem.title().bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'%'));
        }
    }
}
