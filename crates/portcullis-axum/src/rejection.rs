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
    let text = String::from_utf8_lossy(&text);
    let escaped = |text: &str| Escaped::new(text).to_string();
    let denial = Denial::new(reason);
    // What is wrong with the server is not for the caller; what is wrong with the request is, and what the client sent is
    // not for the audit.
    let denial = if denial.is_failure() {
        denial.explained(escaped(&text))
    } else {
        denial.hint(escaped(&text)).explained(escaped(&for_the_audit(&text)))
    };
    denial.into_response()
}

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
