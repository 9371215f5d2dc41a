//! Problem details (RFC 9457).

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::{RefusedRequest, RenderDenial, Rendered};
use crate::denial::Denial;
use crate::registry::ProblemType;

/// Problem details as JSON (RFC 9457): type, title, status, and what helps the caller without telling more.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit to be named in expressions")]
pub struct ProblemJson;

impl RenderDenial for ProblemJson {
    fn render(&self, denial: &Denial, _: &RefusedRequest) -> Rendered {
        let plain = denial.own_status().map_or_else(|| plain(denial.kind()), blank);
        let special = denial.hint_text().is_some()
            || denial.violated_policies().next().is_some()
            || denial.disclosed().is_some();
        let content = if special { extended(&plain, denial) } else { plain };
        Rendered::new(HeaderValue::from_static("application/problem+json"), content)
    }
}

/// What a problem says whatever the request was. Refusing is to be cheap, so it is written once.
fn plain(kind: ProblemType) -> Bytes {
    let known = PLAIN.iter().find(|(known, _)| *known == kind);
    known.map_or_else(Bytes::new, |(_, content)| content.clone())
}

/// A problem that is told by its status alone (RFC 9457 §4.2.1).
fn blank(status: StatusCode) -> Bytes {
    let title = status.canonical_reason().unwrap_or("Refused");
    let problem = Problem { r#type: "about:blank", title, status: status.as_u16() };
    // INVARIANT: text and a number always serialise.
    serde_json::to_vec(&problem).unwrap_or_default().into()
}

static PLAIN: LazyLock<Vec<(ProblemType, Bytes)>> = LazyLock::new(|| {
    let plain = |kind: &ProblemType| {
        let problem = Problem { r#type: kind.uri(), title: kind.title(), status: kind.status().as_u16() };
        // INVARIANT: text and a number always serialise.
        (*kind, serde_json::to_vec(&problem).unwrap_or_default().into())
    };
    ProblemType::ALL.iter().map(plain).collect()
});

#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
}

const DETAIL: &[u8] = b",\"detail\":";
const EXPLANATION: &[u8] = b",\"explanation\":";
const VIOLATED: &[u8] = b",\"violated-policies\":[";

/// The plain problem, and what there is to say about the one request.
fn extended(plain: &[u8], denial: &Denial) -> Bytes {
    let detail = denial.hint_text().map_or(0, |hint| DETAIL.len() + hint.len() + 2);
    // Each with its quotes, and a comma or the bracket at the end.
    let names: usize = denial.violated_policies().map(|name| name.len() + 3).sum();
    let list = if names > 0 { VIOLATED.len() + names } else { 0 };
    // As much as is needed if no character is escaped: a Vec that is just full becomes Bytes at no cost.
    let mut json = Vec::with_capacity(plain.len() + detail + list);
    json.extend_from_slice(plain.strip_suffix(b"}").unwrap_or(plain));
    if let Some(hint) = denial.hint_text() {
        json.extend_from_slice(DETAIL);
        write_text(&mut json, hint);
    }
    let mut before: &[u8] = VIOLATED;
    for name in denial.violated_policies() {
        json.extend_from_slice(before);
        write_text(&mut json, name);
        before = b",";
    }
    if names > 0 {
        json.push(b']');
    }
    if let Some(tree) = denial.disclosed() {
        json.extend_from_slice(EXPLANATION);
        // INVARIANT: a tree of texts always serialises, and a Vec takes all octets.
        let _ = serde_json::to_writer(&mut json, tree);
    }
    json.push(b'}');
    json.into()
}

fn write_text(json: &mut Vec<u8>, text: &str) {
    // INVARIANT: text always serialises, and a Vec takes all octets.
    let _ = serde_json::to_writer(json, text);
}

#[cfg(test)]
mod tests {
    use http::Request;
    use serde_json::{Value, json};

    use super::*;
    use crate::Reason;

    #[track_caller]
    fn check(denial: &Denial, members: &Value) {
        let kind = denial.kind();
        let rendered = ProblemJson.render(denial, &RefusedRequest::of(&Request::new(())));
        let mut expected =
            json!({ "type": kind.uri(), "title": kind.title(), "status": kind.status().as_u16() });
        expected.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(serde_json::from_slice::<Value>(&rendered.content).unwrap(), expected);
    }

    /// RFC 9457 §4.2.1.
    #[test]
    fn a_status_without_a_problem_of_its_own_is_told_by_its_phrase() {
        let told = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            let denial = Denial::new(Reason::ExtractorRejected).with_status(status).hint("why");
            assert_eq!(denial.status(), status);
            let rendered = ProblemJson.render(&denial, &RefusedRequest::of(&Request::new(())));
            serde_json::from_slice::<Value>(&rendered.content).unwrap()
        };
        let blank = |title, status| json!({ "type": "about:blank", "title": title, "status": status, "detail": "why" });
        assert_eq!(told(409), blank("Conflict", 409));
        assert_eq!(told(499), blank("Refused", 499));
        for (status, kind) in [
            (400, ProblemType::InvalidRequest),
            (403, ProblemType::Forbidden),
            (404, ProblemType::NotFound),
            (429, ProblemType::QuotaExceeded),
            (503, ProblemType::Unavailable),
        ] {
            let problem = told(status);
            assert_eq!((&problem["type"], &problem["title"]), (&json!(kind.uri()), &json!(kind.title())));
            assert_eq!(problem["status"], status);
        }
        let unchanged = Denial::new(Reason::ExtractorRejected).with_status(StatusCode::FOUND);
        assert_eq!(unchanged.status(), 400);
        let same = Denial::new(Reason::InsufficientScope).with_status(StatusCode::FORBIDDEN);
        assert_eq!(same.kind(), ProblemType::InsufficientScope);
        let back = Denial::new(Reason::ExtractorRejected).with_status(StatusCode::GONE);
        assert_eq!(back.with_status(StatusCode::NOT_FOUND).own_status(), None);
    }

    /// RFC 9457 §3.1, draft-ietf-httpapi-ratelimit-headers §5.
    #[test]
    fn a_problem_says_what_there_is_to_say_and_no_more() {
        for reason in Reason::ALL.iter().filter(|reason| reason.problem().is_some()) {
            check(&Denial::new(*reason), &json!({}));
        }
        let exceeded = || Denial::new(Reason::QuotaExceeded);
        check(&exceeded().violated_policy("a"), &json!({ "violated-policies": ["a"] }));
        check(
            &exceeded().violated_policy("a").violated_policy("").violated_policy("c"),
            &json!({ "violated-policies": ["a", "", "c"] }),
        );
        check(&exceeded().hint("later"), &json!({ "detail": "later" }));
        check(
            &exceeded().hint("").violated_policy("b"),
            &json!({ "detail": "", "violated-policies": ["b"] }),
        );
    }

    #[test]
    fn text_is_escaped() {
        let nasty = "\"},\\ \u{0}\r\n\u{2028} é";
        check(
            &Denial::new(Reason::QuotaExceeded).hint(nasty).violated_policy(nasty),
            &json!({ "detail": nasty, "violated-policies": [nasty] }),
        );
    }
}
