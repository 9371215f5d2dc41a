//! Answers that are written before anybody asks.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};

use super::{ProblemJson, RefusedRequest, RenderDenial, common_fields};
use crate::denial::Denial;

/// What [`ProblemJson`] answers over plain HTTP, to anything but HEAD.
#[derive(Clone)]
pub(crate) struct PreparedAnswer {
    pub(super) fields: HeaderMap,
    pub(super) content: Bytes,
}

impl PreparedAnswer {
    pub(crate) fn to(denial: &Denial) -> Self {
        let request = RefusedRequest::of_head(&Method::GET, &HeaderMap::new());
        let rendered = ProblemJson.render(denial, &request);
        let mut fields = HeaderMap::new();
        fields.insert(CONTENT_TYPE, rendered.content_type);
        common_fields(&mut fields, denial);
        // A router adds it in any case. A copy of the fields has no room for one more, but must be made larger for it.
        fields.insert(CONTENT_LENGTH, HeaderValue::from(rendered.content.len()));
        Self { fields, content: rendered.content }
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, Response};

    use super::*;
    use crate::{Challenge, Reason, Refuse, Rendered};

    fn denial() -> Denial {
        Denial::new(Reason::MissingCredentials).challenge(&Challenge::bearer("r")).hint("log in")
    }

    fn answers<F>(refuse: &Refuse<F>, request: &Request<()>) -> [Response<Bytes>; 2]
    where
        F: super::super::BodyFrom<Bytes>,
    {
        let request = RefusedRequest::of(request);
        [denial(), denial().prepared()].map(|denial| refuse.response(denial, &request))
    }

    #[test]
    fn a_prepared_answer_is_the_one_that_would_be_written() {
        let [plain, prepared] = answers(&Refuse::new(), &Request::new(()));
        assert_eq!((plain.status(), plain.body()), (prepared.status(), prepared.body()));
        for (name, value) in plain.headers() {
            assert_eq!(prepared.headers().get_all(name).iter().collect::<Vec<_>>(), [value], "{name}");
        }
        assert_eq!(prepared.headers()["content-length"], plain.body().len().to_string());
        assert_eq!(prepared.headers().len(), plain.headers().len() + 1);
        assert_eq!(prepared.extensions().get::<Denial>().unwrap().reason(), Reason::MissingCredentials);
    }

    #[test]
    fn an_own_renderer_a_head_and_a_grpc_request_are_answered_as_ever() {
        let own =
            |_: &Denial, _: &RefusedRequest| Rendered::new(HeaderValue::from_static("text/plain"), "no");
        let [plain, prepared] = answers(&Refuse::new().with_renderer(own), &Request::new(()));
        assert_eq!((plain.headers(), plain.body()), (prepared.headers(), prepared.body()));
        let head = Request::head("/").body(()).unwrap();
        let grpc = Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
        for request in [head, grpc] {
            let [plain, prepared] = answers(&Refuse::new(), &request);
            assert_eq!((plain.status(), plain.headers()), (prepared.status(), prepared.headers()));
            assert_eq!(prepared.body().len(), 0);
        }
    }
}
