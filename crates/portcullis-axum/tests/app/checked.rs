//! Bodies that a policy checks before the handler runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::{FromRef, Query};
use axum::response::Response;
use axum::{Form, Json};
use bytes::Bytes;
use futures_util::stream;
use http::Request;
use portcullis_authz::{
    Assigned, AsyncPolicy, Awaited, Create, FieldSet, Policy, Submitted, Write, anonymous, authenticated,
    role,
};
use portcullis_axum::{Checked, DeclareGuards, Routes, post};
use portcullis_core::{Decision, Principal, Reason};
use serde::Deserialize;

use crate::support::{Bench, head_of_problem, request, text};

#[derive(Deserialize)]
struct NewDocument {
    owner: String,
}

/// At most 100 bytes.
#[derive(Deserialize)]
struct Note {
    text: String,
}

#[derive(Clone)]
struct Rules;

impl FromRef<()> for Rules {
    fn from_ref((): &()) -> Self {
        Self
    }
}

impl FromRef<Rules> for Awaited<Rules> {
    fn from_ref(rules: &Rules) -> Self {
        Self(rules.clone())
    }
}

impl Submitted for NewDocument {
    type Rules = Rules;
}

impl Submitted for Note {
    type Rules = Awaited<Rules>;
    const MAX_BODY_BYTES: usize = 100;
}

impl Policy<Create, NewDocument> for Rules {
    fn decide(&self, caller: &Principal, new: &NewDocument) -> Decision {
        Decision::allow_if(caller.subject() == new.owner, Reason::PolicyDenied)
    }
}

impl AsyncPolicy<Write, Note> for Rules {
    async fn decide(&self, _: &Principal, note: &Note) -> Decision {
        tokio::task::yield_now().await;
        Decision::allow_if(note.text != "no", Reason::PolicyDenied)
    }
}

/// A change of a profile, of which callers may set the name.
#[derive(Deserialize)]
struct Profile {
    name: Option<String>,
    #[expect(dead_code, reason = "what nobody may set")]
    admin: Option<bool>,
}

impl Submitted for Profile {
    type Rules = Rules;
}

impl Policy<Write, Assigned<Profile>> for Rules {
    fn decide(&self, _: &Principal, profile: &Assigned<Profile>) -> Decision {
        profile.decide(&FieldSet::new(["name"]).unwrap())
    }
}

async fn change(profile: Checked<Write, Json<Assigned<Profile>>>) -> String {
    profile.name.clone().unwrap_or_default()
}

/// Of types that a form has no words for.
#[derive(Debug, Deserialize)]
struct Plan {
    name: Option<String>,
    budget: Option<u32>,
    ratio: Option<f32>,
    on: Option<bool>,
}

impl Submitted for Plan {
    type Rules = Rules;
}

impl Policy<Write, Assigned<Plan>> for Rules {
    fn decide(&self, _: &Principal, plan: &Assigned<Plan>) -> Decision {
        plan.decide(&FieldSet::new(["name", "budget", "on"]).unwrap())
    }
}

async fn plan_of_form(plan: Checked<Write, Form<Assigned<Plan>>>) -> String {
    format!("{:?} {:?} {:?} {:?}", plan.name, plan.budget, plan.ratio, plan.on)
}

async fn plan_of_json(plan: Checked<Write, Json<Assigned<Plan>>>) -> String {
    format!("{:?} {:?} {:?} {:?}", plan.name, plan.budget, plan.ratio, plan.on)
}

async fn create(new: Checked<Create, Json<NewDocument>>) -> String {
    let by = new.principal().subject().to_owned();
    format!("{} by {by}", new.into_permit().owner)
}

async fn note(note: Checked<Write, Form<Note>>) -> String {
    note.into_inner().text
}

/// A guard that no table shows, since it stands within something else.
async fn wrapped(document: Result<Checked<Create, Json<NewDocument>>, Response>) -> Response {
    document.err().unwrap_or_default()
}

fn bench() -> Bench {
    let open = anonymous().or(authenticated());
    let routes = Routes::new()
        .route("/documents", post(create).requires(authenticated()))
        .route("/admins", post(create).requires(role("admin")))
        .route("/open", post(create).requires(open).optional())
        .route("/public", post(wrapped).public("a mistake"))
        .route("/profile", post(change).requires(authenticated()).guards::<Write, Assigned<Profile>>())
        .route("/plan", post(plan_of_form).requires(authenticated()).guards::<Write, Assigned<Plan>>())
        .route("/plan.json", post(plan_of_json).requires(authenticated()).guards::<Write, Assigned<Plan>>())
        .route("/notes", post(note).requires(authenticated()));
    Bench::new(routes.with_state(Rules))
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn sent(bench: &Bench, path: &str, media_type: &str, body: impl Into<Body>) -> (u16, &'static str) {
    let request = bench.as_alice("POST", path).header("content-type", media_type).body(body.into()).unwrap();
    let response = bench.send(request).await;
    let status = response.status().as_u16();
    if status != 200 {
        assert_eq!(head_of_problem(&response), status);
    }
    (status, bench.last_reason())
}

#[tokio::test]
async fn a_handler_gets_what_the_policy_allowed_or_is_not_reached() {
    let bench = bench();
    let request = bench.as_alice("POST", "/documents").header("content-type", JSON);
    let response = bench.send(request.body(Body::from(r#"{"owner":"alice"}"#)).unwrap()).await;
    assert_eq!(text(response).await, "alice by alice");
    for (body, media_type, status, reason) in [
        (r#"{"owner":"bob"}"#, JSON, 403, "policy_denied"),
        (r#"{"owner":"#, JSON, 400, "malformed_request"),
        (r#"{"title":"alice"}"#, JSON, 422, "unprocessable_body"),
        (r#"{"owner":"alice"}"#, "text/plain", 415, "unsupported_media_type"),
        ("owner=alice", FORM, 415, "unsupported_media_type"),
    ] {
        assert_eq!(sent(&bench, "/documents", media_type, body).await, (status, reason), "{body}");
    }
}

#[tokio::test]
async fn a_form_is_checked_by_a_policy_that_waits() {
    let bench = bench();
    assert_eq!(sent(&bench, "/notes", FORM, "text=yes").await, (200, "-"));
    assert_eq!(sent(&bench, "/notes", FORM, "text=no").await, (403, "policy_denied"));
    assert_eq!(sent(&bench, "/notes", FORM, "other=no").await, (422, "unprocessable_body"));
}

/// OWASP API3 (A21.3): mass assignment is refused, and what there is cannot be found out by trying.
#[tokio::test]
async fn a_field_that_callers_may_not_set_is_refused_as_one_that_does_not_exist() {
    let bench = bench();
    assert_eq!(sent(&bench, "/profile", JSON, r#"{"name":"Alice"}"#).await, (200, "-"));
    let mut answers = Vec::new();
    for body in [r#"{"name":"Alice","admin":true}"#, r#"{"name":"Alice","boss":true}"#, r#"{"name":{"a":1}}"#]
    {
        let request = bench.as_alice("POST", "/profile").header("content-type", JSON);
        let response = bench.send(request.body(Body::from(body)).unwrap()).await;
        let reason = bench.last_reason();
        let seen = text(response).await;
        assert!(!seen.contains("admin") && !seen.contains("boss"), "{seen}");
        if reason == "field_not_allowed" {
            answers.push(seen);
        } else {
            // Of another type: told by the format, before anybody is asked.
            assert_eq!(reason, "unprocessable_body");
        }
    }
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn numbers_and_truth_values_of_a_form_are_read_and_text_of_json_is_neither() {
    let bench = bench();
    let form = bench.as_alice("POST", "/plan").header("content-type", FORM);
    let response = bench.send(form.body(Body::from("name=5&budget=5&on=true")).unwrap()).await;
    assert_eq!(text(response).await, r#"Some("5") Some(5) None Some(true)"#);
    for (path, media_type, body, expected) in [
        ("/plan", FORM, "budget=%35", (200, "-")),
        ("/plan", FORM, "budget=five", (422, "unprocessable_body")),
        ("/plan", FORM, "budget=", (422, "unprocessable_body")),
        ("/plan", FORM, "on=on", (422, "unprocessable_body")),
        ("/plan", FORM, "budget=5&ratio=0.5", (403, "field_not_allowed")),
        ("/plan", FORM, "budget=5&boss=1", (403, "field_not_allowed")),
        ("/plan.json", JSON, r#"{"budget":5,"on":true}"#, (200, "-")),
        ("/plan.json", JSON, r#"{"budget":"5"}"#, (422, "unprocessable_body")),
        ("/plan.json", JSON, r#"{"on":"true"}"#, (422, "unprocessable_body")),
    ] {
        assert_eq!(sent(&bench, path, media_type, body).await, expected, "{body}");
    }
}

#[test]
fn a_value_of_a_form_is_read_as_without_the_list_of_its_fields() {
    let mut read = 0;
    for name in ["name", "budget", "ratio", "on", "more"] {
        for value in [
            "",
            "5",
            "%2B5",
            "-5",
            "007",
            "+5",
            "5+",
            "5.5",
            ".5",
            "5.",
            "1e3",
            "inf",
            "NaN",
            "0x5",
            "true",
            "True",
            "false",
            "on",
            "null",
            "%22x%22",
            "4294967295",
            "4294967296",
            "%C3%A9",
            "%FF",
            "%D9%A5",
            "[5]",
        ] {
            let uri = format!("/?{name}={value}").parse().unwrap();
            let plain = Query::<Plan>::try_from_uri(&uri).map(|Query(plan)| format!("{plan:?}"));
            let assigned = Query::<Assigned<Plan>>::try_from_uri(&uri);
            let assigned = assigned.map(|Query(plan)| format!("{:?}", plan.into_inner()));
            assert_eq!(plain.as_ref().ok(), assigned.as_ref().ok(), "{uri}: {plain:?}, {assigned:?}");
            read += usize::from(plain.is_ok());
        }
    }
    assert!(read > 60, "{read}");
}

#[tokio::test]
async fn a_body_at_the_limit_is_read_and_one_beyond_it_is_413() {
    let bench = bench();
    let form = |length: usize| format!("text={}", "x".repeat(length - 5));
    assert_eq!(sent(&bench, "/notes", FORM, form(100)).await, (200, "-"));
    assert_eq!(sent(&bench, "/notes", FORM, form(101)).await, (413, "body_too_large"));
    // 64 KiB unless said otherwise, whatever axum's own limit is.
    let json = |length: usize| format!(r#"{{"owner":"alice"{}}}"#, " ".repeat(length - 17));
    assert_eq!(json(64 * 1024).len(), 64 * 1024);
    assert_eq!(sent(&bench, "/documents", JSON, json(64 * 1024)).await, (200, "-"));
    assert_eq!(sent(&bench, "/documents", JSON, json(64 * 1024 + 1)).await, (413, "body_too_large"));
}

/// A body that counts how much of it was asked for.
fn counted(chunks: usize) -> (Body, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let chunks = (0..chunks).map(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b' '; 1024]))
    });
    (Body::from_stream(stream::iter(chunks)), read)
}

#[tokio::test]
async fn no_more_is_read_than_may_be() {
    let bench = bench();
    let (body, read) = counted(10_000);
    assert_eq!(sent(&bench, "/documents", JSON, body).await, (413, "body_too_large"));
    assert_eq!(read.load(Ordering::Relaxed), 65);
    // What says how large it is is refused before anything is read.
    let (body, read) = counted(10_000);
    let declared =
        bench.as_alice("POST", "/documents").header("content-type", JSON).header("content-length", "65537");
    assert_eq!(bench.send(declared.body(body).unwrap()).await.status(), 413);
    assert_eq!(read.load(Ordering::Relaxed), 0);
}

/// Invariant 7: neither a refused nor an unknown caller makes us read.
#[tokio::test]
async fn the_body_is_read_after_the_rule_and_for_known_callers_alone() {
    let bench = bench();
    for (request, status) in [
        (bench.as_alice("POST", "/admins"), 403),
        (request("POST", "/documents"), 401),
        (request("POST", "/open"), 401),
        (request("POST", "/public"), 500),
    ] {
        let touched = Arc::new(AtomicBool::new(false));
        let touch = Arc::clone(&touched);
        let chunks = stream::poll_fn(move |_| {
            touch.store(true, Ordering::Relaxed);
            std::task::Poll::Ready(None::<Result<Bytes, std::convert::Infallible>>)
        });
        let request: Request<Body> =
            request.header("content-type", JSON).body(Body::from_stream(chunks)).unwrap();
        let path = request.uri().path().to_owned();
        let response = bench.send(request).await;
        assert_eq!((head_of_problem(&response), touched.load(Ordering::Relaxed)), (status, false), "{path}");
    }
}
