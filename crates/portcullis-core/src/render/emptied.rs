//! What a request that is over leaves to its answer.

use std::mem;

use http::{Extensions, HeaderMap, Request, Response};

/// The room that the fields and extensions of a request took, with nothing in it. An answer that takes it over need not
/// ask the allocator for its own, and nobody gives the request's back.
#[derive(Default)]
pub(super) struct Emptied {
    headers: HeaderMap,
    extensions: Extensions,
}

impl Emptied {
    /// Drops what the request was, and keeps the room.
    pub(super) fn of<A>(request: Request<A>) -> Self {
        let (mut parts, _) = request.into_parts();
        parts.extensions.clear();
        Self { headers: parts.headers, extensions: parts.extensions }
    }

    /// An answer in the room of the extensions.
    pub(super) fn response<B>(self, body: B, headers: HeaderMap) -> Response<B> {
        let mut response = Response::new(body);
        *response.headers_mut() = headers;
        *response.extensions_mut() = self.extensions;
        response
    }

    /// No fields, in the room that those of the request took.
    pub(super) fn fields(&mut self) -> HeaderMap {
        let mut headers = mem::take(&mut self.headers);
        // Repeated fields take room that the capacity does not count.
        if headers.capacity() > MOST_FIELDS || headers.len() > MOST_FIELDS {
            return HeaderMap::new();
        }
        headers.clear();
        headers
    }
}

/// Room for more fields than this is given back: clearing it would cost more than it saves, and an answer that waits to be
/// sent would hold it.
const MOST_FIELDS: usize = 64;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;

    use super::*;
    use crate::{Challenge, Denial, Reason, Refuse, RefusedRequest};

    fn request(fields: usize) -> Request<()> {
        let mut request = Request::new(());
        for number in 0..fields {
            let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
            request.headers_mut().append(name.clone(), HeaderValue::from_static("s3cret"));
            request.headers_mut().append(name, HeaderValue::from_static("s3cret"));
        }
        request.extensions_mut().insert("s3cret");
        request
    }

    fn answer(request: Request<()>) -> Response<()> {
        let mut emptied = Emptied::of(request);
        let fields = emptied.fields();
        emptied.response((), fields)
    }

    #[test]
    fn nothing_of_the_request_is_left_but_its_room() {
        for fields in [0, 1, 20] {
            let request = request(fields);
            let room = request.headers().capacity();
            let response = answer(request);
            assert_eq!(response.headers(), &HeaderMap::new());
            assert_eq!((response.headers().len(), response.headers().capacity()), (0, room));
            assert!(response.extensions().is_empty());
        }
    }

    #[test]
    fn an_answer_in_place_of_its_request_is_the_one_that_would_be_written() {
        let denial =
            || Denial::new(Reason::MissingCredentials).challenge(&Challenge::bearer("r")).hint("log in");
        for (method, content_type) in
            [("GET", "text/plain"), ("HEAD", "text/plain"), ("POST", "application/grpc+proto")]
        {
            for (plain, denial) in [(denial(), denial()), (denial().prepared(), denial().prepared())] {
                let mut request = request(3);
                *request.method_mut() = method.parse().unwrap();
                request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
                let refused = RefusedRequest::of(&request);
                let plain: Response<Bytes> = Refuse::new().response(plain, &refused);
                let answer: Response<Bytes> = Refuse::new().answer(denial, request, &refused);
                assert_eq!(
                    (answer.status(), answer.headers()),
                    (plain.status(), plain.headers()),
                    "{method}"
                );
                assert_eq!(answer.body(), plain.body());
                assert_eq!(answer.extensions().len(), 1);
                let reason = answer.extensions().get::<Denial>().map(Denial::reason);
                assert_eq!(reason, Some(Reason::MissingCredentials));
            }
        }
    }

    #[test]
    fn no_more_room_is_kept_than_answers_need() {
        for (fields, kept) in [(MOST_FIELDS / 2, true), (MOST_FIELDS * 4, false)] {
            let response = answer(request(fields));
            assert_eq!(response.headers().capacity() > 0, kept, "{fields}");
        }
        // One name again and again takes no more of what the map calls its capacity.
        let mut repeated = request(1);
        for _ in 0..=MOST_FIELDS {
            repeated.headers_mut().append("x-again", HeaderValue::from_static("1"));
        }
        assert!(repeated.headers().capacity() <= MOST_FIELDS);
        assert_eq!(Emptied::of(repeated).fields().capacity(), 0);
    }
}
