//! Rejections of extractors, told as problems.

mod own_fields;

use axum::body::to_bytes;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, UPGRADE};
use http::{HeaderMap, HeaderValue, StatusCode};
use portcullis_core::escape::Escaped;
use portcullis_core::{Denial, OwnAnswer, Reason};

pub(crate) use self::own_fields::OwnFields;
use crate::serve::TOO_SLOW;

/// The longest explanation of an extractor that is read, in bytes.
const MAX_EXPLANATION: usize = 4 * 1024;

/// Turns the rejection of an extractor, in plain text or without any, into a refusal with a reason. It keeps the status
/// and the fields that it has of its own.
///
/// A rejection that is a [`Denial`] already stays one, and so does the answer of an extractor that renders its
/// own rejections as something other than plain text, or that is no refusal, such as a redirection.
///
/// The rejection itself need not be `Send`: it is turned into its response at once.
pub(crate) fn explain<R: IntoResponse>(rejection: R) -> impl Future<Output = Response> + Send + use<R> {
    explain_response(rejection.into_response())
}

async fn explain_response(rejection: Response) -> Response {
    let plain = |value: &HeaderValue| value.as_bytes().starts_with(b"text/plain");
    let is_plain = rejection.headers().get(CONTENT_TYPE).is_none_or(plain);
    let status = rejection.status();
    let refuses = status.is_client_error() || status.is_server_error();
    let extensions = rejection.extensions();
    let is_final = extensions.get::<Denial>().is_some() || extensions.get::<OwnAnswer>().is_some();
    if !refuses || !is_plain || is_final {
        return rejection;
    }
    let (parts, body) = rejection.into_parts();
    let text = to_bytes(body, MAX_EXPLANATION).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut fields = parts.headers;
    let denial = match reason_of(status) {
        _ if is_of_a_slow_body(status, &text) => Denial::new(Reason::BodyTooSlow),
        Some(reason) => Denial::new(reason),
        None if status.is_server_error() => Denial::new(Reason::InternalError).with_status(status),
        None => Denial::new(Reason::ExtractorRejected).with_status(status),
    };
    let denial = match methods(status, &text, &mut fields) {
        Some(methods) => denial.allow(methods),
        None => denial,
    };
    if status == StatusCode::UPGRADE_REQUIRED && text.starts_with(WEB_SOCKET) && !fields.contains_key(UPGRADE)
    {
        // RFC 9110 §15.5.22, §7.8: hyper leaves both out where HTTP/2 has no such fields.
        fields.insert(UPGRADE, HeaderValue::from_static("websocket"));
        fields.insert(http::header::CONNECTION, HeaderValue::from_static("upgrade"));
    }
    let mut response = told(denial, &text).into_response();
    if let Some(fields) = OwnFields::of(fields) {
        response.extensions_mut().insert(fields);
    }
    response
}

/// The refusal with what the extractor said of it.
fn told(denial: Denial, text: &str) -> Denial {
    let escaped = |text: &str| Escaped::new(text).to_string();
    if text.is_empty() {
        return denial.explained("an extractor rejected the request without a word");
    }
    // What is wrong with the server is not for the caller; what is wrong with the request is, and what the client sent is
    // not for the audit.
    if denial.is_failure() {
        denial.explained(escaped(text))
    } else {
        denial.hint(escaped(text)).explained(escaped(&for_the_audit(text)))
    }
}

/// Whether it is what axum says of a body that the server waited for no longer.
fn is_of_a_slow_body(status: StatusCode, text: &str) -> bool {
    status == StatusCode::BAD_REQUEST && text.strip_prefix(BUFFERING) == Some(TOO_SLOW)
}

/// The methods of a 405: those that the extractor names in `Allow`, or the one that axum's `WebSocketUpgrade` asks for.
fn methods(status: StatusCode, text: &str, fields: &mut HeaderMap) -> Option<HeaderValue> {
    if status != StatusCode::METHOD_NOT_ALLOWED {
        return None;
    }
    let named = || HeaderValue::from_str(text.strip_prefix(METHOD)?.strip_suffix('`')?).ok();
    // Several fields are kept as they are.
    if fields.get_all(ALLOW).iter().count() > 1 { None } else { fields.remove(ALLOW).or_else(named) }
}

/// How axum begins to say that a body could not be read to its end.
const BUFFERING: &str = "Failed to buffer the request body: ";

/// How axum says which method a WebSocket needs: that depends on the version of HTTP.
const METHOD: &str = "Request method must be `";

/// How axum says that a connection cannot become a WebSocket.
const WEB_SOCKET: &str = "WebSocket request couldn't be upgraded";

/// What axum says of a body or a query, and what serde says is wrong with it, without the path to the place between the
/// two: in a map it is made of keys that the client sent.
fn for_the_audit(text: &str) -> String {
    let begin = READING.iter().any(|begin| text.starts_with(begin));
    let Some((reading, rest)) = text.split_once(": ").filter(|_| begin) else { return without_values(text) };
    let fault = FAULTS.iter().filter_map(|fault| rest.find(fault)).min();
    let own_words = || rest.split_once(": ").map(|(_, words)| words);
    let fault = fault.and_then(|at| rest.get(at..)).or_else(own_words).unwrap_or(rest);
    format!("{reading}: {}", without_values(fault))
}

/// How the texts of axum's own extractors for bodies and queries begin.
const READING: [&str; 2] = ["Failed to deserialize ", "Failed to parse "];

/// How what serde finds wrong begins. Anything else are a type's own words, which come after the path if there is one.
const FAULTS: [&str; 10] = [
    "missing field `",
    "unknown field `",
    "duplicate field `",
    "unknown variant `",
    "invalid type: ",
    "invalid value: ",
    "invalid length ",
    "expected ",
    "EOF while ",
    "trailing ",
];

/// The text without what it repeats of a body or a query, which may be a secret: `string "…"`, `unknown field `…``. Names
/// that the program knows stay.
fn without_values(text: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(['"', '`']) {
        let is_text = rest.get(before.len()..).is_some_and(|quote| quote.starts_with('"'));
        kept.push_str(before);
        let is_value = is_text || VALUES.iter().any(|word| kept.ends_with(word));
        let quote = if is_text { '"' } else { '`' };
        kept.push(quote);
        if !is_value {
            rest = after;
            // A name of the program has no quotes in it.
            let Some((name, after)) = rest.split_once('`') else { break };
            kept.push_str(name);
            kept.push('`');
            rest = after;
            continue;
        }
        let end = if is_text { end_of_text(after) } else { end_of_name(after) };
        let Some((end, value)) = end.and_then(|end| Some((end, after.get(..end)?))) else {
            return UNREADABLE.to_owned();
        };
        // The path to a field that is unknown ends with its name.
        let path = kept.strip_suffix(&format!("{value}: unknown field `")).map(str::len);
        if let Some(path) = path.filter(|_| !is_text) {
            kept.truncate(path);
            kept.push_str("…: unknown field `");
        }
        kept.push('…');
        kept.push(quote);
        rest = after.get(end.saturating_add(1)..).unwrap_or_default();
    }
    kept.push_str(rest);
    kept
}

/// In place of a text of which it is not known where a value ends.
const UNREADABLE: &str = "the text of the extractor cannot be told without what the client sent";

/// What serde says before something that the client sent, in backticks.
const VALUES: [&str; 6] =
    ["unknown variant ", "unknown field ", "integer ", "boolean ", "floating point ", "character "];

/// Where text that is printed by `{:?}` ends.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|octet| {
        let ends = octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        ends
    })
}

/// Where a name ends that may have any characters: as late as may be.
fn end_of_name(text: &str) -> Option<usize> {
    ["`, expected ", "`, there are no "].iter().filter_map(|end| text.rfind(end)).max()
}

fn reason_of(status: StatusCode) -> Option<Reason> {
    match status {
        StatusCode::BAD_REQUEST => Some(Reason::MalformedRequest),
        StatusCode::METHOD_NOT_ALLOWED => Some(Reason::MethodNotAllowed),
        StatusCode::PAYLOAD_TOO_LARGE => Some(Reason::BodyTooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(Reason::UnsupportedMediaType),
        StatusCode::UNPROCESSABLE_ENTITY => Some(Reason::UnprocessableBody),
        StatusCode::INTERNAL_SERVER_ERROR => Some(Reason::Misconfigured),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kept: &str) {
        assert_eq!(without_values(text), kept);
    }

    /// The texts of axum for a map of numbers, and for a type that words its error itself.
    #[test]
    fn keys_that_a_client_sent_are_left_out_too() {
        let check = |text: &str, told: &str| assert_eq!(for_the_audit(text), told);
        let body = "Failed to deserialize the JSON body into the target type";
        let wrong = r#"invalid type: string "hunter2", expected u32 at line 1 column 19"#;
        let kept = r#"invalid type: string "…", expected u32 at line 1 column 19"#;
        check(&format!("{body}: tags.hunter2: {wrong}"), &format!("{body}: {kept}"));
        check(&format!("{body}: {wrong}"), &format!("{body}: {kept}"));
        let query = "Failed to deserialize query string";
        let words = "invalid digit found in string";
        check(&format!("{query}: hunter2: {words}"), &format!("{query}: {words}"));
        check(&format!("{query}: {words}"), &format!("{query}: {words}"));
        let media = "Expected request with `Content-Type: application/json`";
        check(media, media);
    }

    #[test]
    fn what_a_client_sent_is_left_out_of_the_text_for_the_audit() {
        check("expected value at line 1 column 1", "expected value at line 1 column 1");
        check("missing field `title` at line 1", "missing field `title` at line 1");
        check(r#"invalid type: string "hunter2", expected u32"#, r#"invalid type: string "…", expected u32"#);
        check(r#"string "a\"hunter2" and "b", expected"#, r#"string "…" and "…", expected"#);
        check(r#"string "a\\" then `x`"#, r#"string "…" then `x`"#);
        check("unknown field `hunter2`, expected `a` or `b`", "unknown field `…`, expected `a` or `b`");
        check("unknown variant `a`, expected `hunter2`, expected `a`", "unknown variant `…`, expected `a`");
        check("unknown field `hunter2`, there are no fields", "unknown field `…`, there are no fields");
        check("invalid value: integer `1001`, expected x", "invalid value: integer `…`, expected x");
        check(
            "type: hunter2: unknown field `hunter2`, expected `a`",
            "type: …: unknown field `…`, expected `a`",
        );
        check("hunter2: unknown field `hunter2` and no end", UNREADABLE);
        check(r#"string "hunter2"#, UNREADABLE);
    }
}
