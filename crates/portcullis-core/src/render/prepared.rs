//! Answers that are written before anybody asks.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::emptied::Emptied;
use super::fields::{common_fields, number};
use super::{ProblemJson, RefusedRequest, RenderDenial};
use crate::denial::Denial;

/// What [`ProblemJson`] answers over plain HTTP, to anything but HEAD.
#[derive(Clone)]
pub(crate) struct PreparedAnswer {
    fields: HeaderMap,
    /// The same, to be written one by one.
    each: Vec<(HeaderName, HeaderValue)>,
    pub(super) content: Bytes,
}

impl PreparedAnswer {
    pub(crate) fn to(denial: &Denial) -> Self {
        let request = RefusedRequest::of_head(&Method::GET, &HeaderMap::new());
        let rendered = ProblemJson.render(denial, &request);
        let mut fields = HeaderMap::new();
        fields.insert(CONTENT_TYPE, rendered.content_type);
        common_fields(&mut fields, denial);
        // A router adds it in any case, and would make it anew each time.
        fields.insert(CONTENT_LENGTH, HeaderValue::from(rendered.content.len()));
        let each = fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Self { fields, each, content: rendered.content }
    }

    /// The fields. The seconds to wait, if they are given, are those of this answer alone.
    pub(super) fn fields(&self, emptied: &mut Emptied, wait: Option<u64>) -> HeaderMap {
        let Some(seconds) = wait else {
            // Two allocations, which take less than to look for the place of each name.
            return self.fields.clone();
        };
        // More fields are to come than a copy has room for.
        let mut headers = emptied.fields();
        for (name, value) in &self.each {
            headers.append(name, value.clone());
        }
        headers.insert(RETRY_AFTER, number(seconds));
        headers
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
    fn a_prepared_answer_says_when_to_try_again_as_it_would_be_written() {
        let seconds = std::time::Duration::from_secs;
        let exceeded = || Denial::new(Reason::QuotaExceeded).violated_policy("q");
        let earlier = || exceeded().retry_after(seconds(1)).prepared();
        for prepared in [exceeded().prepared(), earlier(), exceeded().retry_after(seconds(70)).prepared()] {
            let denials = [exceeded().retry_after(seconds(70)), prepared.retry_after(seconds(70))];
            let request = RefusedRequest::of(&Request::new(()));
            let [plain, prepared]: [Response<Bytes>; 2] =
                denials.map(|denial| Refuse::new().response(denial, &request));
            assert_eq!(plain.body(), prepared.body());
            assert_eq!(prepared.headers().get_all("retry-after").iter().collect::<Vec<_>>(), ["70"]);
            assert_eq!(prepared.headers().len(), plain.headers().len() + 1, "its length");
        }
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
