//! Clients that speak plain HTTP where TLS is spoken.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use portcullis_core::{Denial, Reason, Refuse, RefusedRequest};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use self::head::Head;
use self::search::Search;

mod head;
mod notes;
mod search;
mod seen;

pub(crate) use self::notes::notes;
pub use self::notes::{MAX_PLAIN_EVENTS, PLAIN_EVENT_INTERVAL};
pub(crate) use self::seen::{PlainRequest, Seen};

/// How many octets of a plain request are read to answer it: 8 KiB. A longer head is refused.
pub const MAX_PLAIN_HEAD: usize = 8 * 1024;

/// How many octets are read after the answer, so that the client gets to see it.
const MAX_DRAINED: usize = 64 * 1024;

/// What becomes of a client that speaks plain HTTP on a port where TLS is spoken.
///
/// Whatever it is, the request never reaches the application, and what it carried must be held to be known to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlainRequests {
    /// The connection is closed without a word.
    Close,
    /// 308 to the same place with `https`. Requests that carry `Authorization` or `Cookie` are refused all the same: a
    /// client that sends credentials in clear must not find out that this works.
    Redirect,
    /// 400 with the reason `plain_http`.
    #[default]
    Refuse,
}

/// TLS begins with a record of type 22 (RFC 8446 §5.1), HTTP with the name of a method (RFC 9112 §3), in capitals for
/// every method there is.
pub(crate) fn is_plain_http(first: &[u8]) -> bool {
    first.first().is_some_and(u8::is_ascii_uppercase)
}

/// Answers as the policy says, and closes. What goes wrong meanwhile is nobody's loss. What was read is in `seen` before
/// more is read or the answer is sent: whether the client goes on is its own affair.
pub(crate) async fn answer<IO>(mut stream: IO, first: BytesMut, policy: PlainRequests, seen: &Seen)
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let mut search = Search::default();
    search.feed(&first);
    seen.note(&search);
    if policy == PlainRequests::Close {
        return;
    }
    let Some(head) = read_head(&mut stream, first, search, seen).await else { return };
    let answer = respond(&Head::parse(&head), policy);
    if stream.write_all(&octets(&answer)).await.is_err() || stream.shutdown().await.is_err() {
        return;
    }
    // Closing while octets are unread would reset the connection, and the answer could be lost with it.
    let mut drained = 0;
    let mut buffer = BytesMut::with_capacity(MAX_PLAIN_HEAD);
    while drained < MAX_DRAINED {
        buffer.clear();
        match stream.read_buf(&mut buffer).await {
            Ok(count) if count > 0 => drained += count,
            _ => return,
        }
    }
}

/// Reads until the end of the head or the cap.
async fn read_head<IO: AsyncRead + Unpin>(
    stream: &mut IO,
    mut head: BytesMut,
    mut search: Search,
    seen: &Seen,
) -> Option<Bytes> {
    while !search.is_at_end() && head.len() < MAX_PLAIN_HEAD {
        let length = head.len();
        let mut rest = (&mut head).limit(MAX_PLAIN_HEAD.saturating_sub(length));
        if stream.read_buf(&mut rest).await.ok()? == 0 {
            return None;
        }
        search.feed(head.get(length..).unwrap_or_default());
        seen.note(&search);
    }
    Some(head.freeze())
}

fn respond(head: &Head<'_>, policy: PlainRequests) -> Response<Bytes> {
    let location = if policy == PlainRequests::Redirect { head.secure_location() } else { None };
    let mut response = match location {
        Some(location) => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(LOCATION, location);
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            response
        }
        None => {
            let mut request = Request::new(());
            if head.is_head() {
                *request.method_mut() = Method::HEAD;
            }
            let denial = Denial::new(Reason::PlainHttp)
                .hint("this port speaks https; replace any credential that was sent");
            Refuse::default().response(denial, &RefusedRequest::of(&request))
        }
    };
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// As HTTP/1.1 writes it (RFC 9112 §4).
fn octets(response: &Response<Bytes>) -> Bytes {
    let status = response.status();
    let mut octets = BytesMut::with_capacity(512);
    octets.put_slice(b"HTTP/1.1 ");
    octets.put_slice(status.as_str().as_bytes());
    octets.put_slice(b" ");
    octets.put_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    octets.put_slice(b"\r\n");
    for (name, value) in response.headers() {
        octets.put_slice(name.as_str().as_bytes());
        octets.put_slice(b": ");
        octets.put_slice(value.as_bytes());
        octets.put_slice(b"\r\n");
    }
    if !response.headers().contains_key(CONTENT_LENGTH) {
        octets.put_slice(format!("content-length: {}\r\n", response.body().len()).as_bytes());
    }
    octets.put_slice(b"\r\n");
    octets.put_slice(response.body());
    octets.freeze()
}
