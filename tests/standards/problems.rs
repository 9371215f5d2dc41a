//! Problem details (RFC 9457), of every reason and of every outer layer.

use std::collections::BTreeMap;

use axum::body::Body;
use http::Request;
use portcullis::core::{Refuse, RefusedRequest};
use portcullis::{Denial, Reason};
use serde_json::Value;

use super::schema;
use super::stack::{Stack, authorized};
use crate::support::vectors::vectors;

#[track_caller]
fn check(schema: Option<&Value>, problem: &Value, status: u16) {
    // A9.1: `status` equals the status. A9.2: a type of our own, so the title is ours as well.
    assert_eq!(problem["status"], status, "{problem}");
    assert!(problem["type"].as_str().is_some_and(|text| text != "about:blank"), "{problem}");
    assert!(problem["title"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    if let Some(schema) = schema {
        assert_eq!(schema::errors(schema, problem), Vec::<String>::new());
    }
}

/// A9.1, A9.2, A9.3, RFC 9457 §3.1 and Appendix A.
#[test]
fn the_problem_of_every_reason_fits_the_schema() {
    let schema = vectors("rfc9457/problem.schema.json");
    let mut titles = BTreeMap::new();
    for reason in Reason::ALL.iter().filter(|reason| reason.problem().is_some()) {
        let denial = Denial::new(*reason).hint("what helps").explained("SECRET").violated_policy("a");
        let request = RefusedRequest::of(&Request::new(()));
        let response: http::Response<bytes::Bytes> = Refuse::new().response(denial, &request);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem: Value = serde_json::from_slice(response.body()).unwrap();
        check(schema.as_ref(), &problem, response.status().as_u16());
        assert!(!problem.to_string().contains("SECRET"), "{problem}");
        // A title belongs to its type, whatever the occurrence (RFC 9457 §3.1.3).
        let title = titles.entry(problem["type"].to_string()).or_insert_with(|| problem["title"].clone());
        assert_eq!(*title, problem["title"]);
    }
    assert!(titles.len() > 10);
}

/// A9.1, A9.5: also what no handler and no scheme refuses.
#[tokio::test]
async fn the_problems_of_every_layer_fit_the_schema_and_are_kept_by_no_cache() {
    let schema = vectors("rfc9457/problem.schema.json");
    let stack = Stack::new();
    let token = stack.issuer.token("alice").bearer();
    let weak = stack.issuer.token("alice").scope("other").bearer();
    let request = |method: &str, path: &str, body: &str| {
        let json = authorized(method, path, &token).header("content-type", "application/json");
        json.body(Body::from(body.to_owned())).unwrap()
    };
    for (request, status) in [
        (Request::get("/me").body(Body::empty()).unwrap(), 401),
        (authorized("GET", "/me", "Bearer a b").body(Body::empty()).unwrap(), 400),
        (authorized("GET", "/me", &weak).body(Body::empty()).unwrap(), 403),
        (request("GET", "/nowhere", ""), 404),
        (request("DELETE", "/me", ""), 405),
        (request("GET", "/a/../me", ""), 400),
        (request("POST", "/echo", "{"), 400),
        (request("POST", "/echo", &"[".repeat(3 << 20)), 413),
        (authorized("POST", "/echo", &token).body(Body::from("a=b")).unwrap(), 415),
    ] {
        let what = format!("{} {}", request.method(), request.uri());
        let answer = stack.call(request).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{what}");
        check(schema.as_ref(), &answer.json(), status);
    }
    let head = stack.call(Request::head("/me").body(Body::empty()).unwrap()).await;
    assert_eq!((head.status, head.body.as_str()), (401, ""));
    assert!(head.headers.contains_key("www-authenticate"));
}
