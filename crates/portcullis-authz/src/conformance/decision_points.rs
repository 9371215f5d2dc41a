use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use http::Request;
use portcullis_core::escape::is_unprintable;
use portcullis_core::{
    Clock, CredentialMethod, Decision, Mode, Principal, Refuse, RefusedRequest, RequestView, Step, Trail,
    Wait,
};

use crate::engine::{DecisionPoint, MAX_DETAIL_OCTETS, MAX_QUESTION_OCTETS, Question, ask};

/// How many questions are asked at once.
const CROWD: usize = 64;

/// Puts questions to a decision point whose policies say: **`alice` may `read` the `document` `1`, and nobody may do
/// anything else**, whatever the attributes and the context.
///
/// It must allow what is allowed and refuse the rest, each as an ordinary refusal; hostile text must neither pass nor
/// make it fail; answers must not be mixed up when many ask at once; and what it tells must be fit for an event and stay
/// hidden from the caller.
///
/// # Panics
/// If the decision point answers wrongly.
pub async fn decision_points(point: &Arc<dyn DecisionPoint>) {
    assert!(!point.name().is_empty() && !point.name().contains(is_unprintable), "it has no name to print");
    check(point, ("alice", "read", "document", "1"), true).await;
    // Nothing is remembered in the place of something else.
    for _ in 0..2 {
        check(point, ("bob", "read", "document", "1"), false).await;
        check(point, ("alice", "write", "document", "1"), false).await;
        check(point, ("alice", "read", "folder", "1"), false).await;
        check(point, ("alice", "read", "document", "2"), false).await;
        check(point, ("alice", "read", "document", "1"), true).await;
    }
    for text in hostile() {
        check(point, (&text, "read", "document", "1"), false).await;
        check(point, ("alice", &text, "document", "1"), false).await;
        check(point, ("alice", "read", &text, "1"), false).await;
        check(point, ("alice", "read", "document", &text), false).await;
        let bob = caller("bob");
        let question = Question::new(&bob, "read", "document", "1");
        let question = question.with_attribute(&*text, &*text).with_context(&*text, &*text);
        let decision = question.put_to(point).resolve().await;
        assert!(!decision.is_allowed(), "{text:?} as an attribute made {decision:?} of a refusal");
        check_detail(&decision);
    }
    check_crowd(point).await;
    check_answer(point, "bob", Some(403)).await;
    check_answer(point, "alice", None).await;
}

/// Puts questions to a decision point that cannot decide: its engine is down, its policies cannot be evaluated. The
/// answer must be 503 whoever asks, and change nothing for whoever only watches.
///
/// # Panics
/// If the decision point answers wrongly.
pub async fn failing_decision_points(point: &Arc<dyn DecisionPoint>) {
    for subject in ["alice", "bob"] {
        let caller = caller(subject);
        let decision = Question::new(&caller, "read", "document", "1").put_to(point).resolve().await;
        let status = decision.reason().problem().map(|problem| problem.status().as_u16());
        assert!(!decision.is_allowed() && status == Some(503), "a failure became {decision:?}");
        assert!(decision.detail().is_some(), "a failure does not say why");
        check_detail(&decision);
        check_answer(point, subject, Some(503)).await;
    }
}

#[track_caller]
fn check<'a>(
    point: &'a Arc<dyn DecisionPoint>,
    asked: (&'a str, &'a str, &'a str, &'a str),
    allowed: bool,
) -> impl Future<Output = ()> + 'a {
    let at = std::panic::Location::caller();
    async move {
        let (subject, action, kind, id) = asked;
        let caller = caller(subject);
        let decision = Question::new(&caller, action, kind, id).put_to(point).resolve().await;
        assert_eq!(decision.is_allowed(), allowed, "{asked:?} got {decision:?} at {at}");
        let problem = decision.reason().problem();
        let failed = problem.is_some_and(|problem| problem.status().is_server_error());
        assert!(!failed, "{asked:?} made it fail: {decision:?} at {at}");
        assert!(problem.is_none() == allowed, "{asked:?} got {decision:?} at {at}");
        check_detail(&decision);
    }
}

#[track_caller]
fn check_detail(decision: &Decision) {
    let detail = decision.detail().unwrap_or_default();
    let fit = detail.len() <= MAX_DETAIL_OCTETS && !detail.contains(is_unprintable);
    assert!(fit, "a detail is not fit for an event: {detail:?}");
}

/// Text that has another meaning somewhere.
fn hostile() -> Vec<String> {
    let short = [
        "",
        " ",
        "*",
        "**",
        "%",
        "_",
        "null",
        "true",
        "undefined",
        "Alice",
        "READ",
        "alice ",
        "alice\0",
        "1\n",
        "\"",
        "'",
        "\\",
        "`",
        "\r\n\r\n",
        "\u{feff}alice",
        "\u{202e}ecila",
        "аlice",
        "ａｌｉｃｅ",
        "日本語",
        "🦀",
        "' or '1'='1",
        "\"}, \"x\": {\"",
        "{{alice}}",
        "${alice}",
        "../document/1",
        "1/../1",
        "document:1",
        "document:1#reader",
        "user:*",
        "user:alice",
        "User::\"alice\"",
        "alice,bob",
        "[\"alice\"]",
        "__proto__",
        "{\"id\":\"alice\"}",
        "-1",
        "1e0",
        "01",
        "1 ",
    ];
    let long = ["a".repeat(300), "é\"\n".repeat(500), "\u{1}".repeat(MAX_QUESTION_OCTETS)];
    short.into_iter().map(str::to_owned).chain(long).collect()
}

async fn check_crowd(point: &Arc<dyn DecisionPoint>) {
    let callers = ["alice", "bob"].map(caller);
    let documents = ["1", "2"];
    let of = |number: usize| (number % 2, number / 2 % 2);
    let mut steps = Vec::new();
    for number in 0..CROWD {
        let (who, which) = of(number);
        let (Some(caller), Some(document)) = (callers.get(who), documents.get(which)) else { continue };
        steps.push(Question::new(caller, "read", "document", *document).put_to(point));
    }
    let decisions = all(steps).await;
    assert_eq!(decisions.len(), CROWD);
    for (number, decision) in decisions.iter().enumerate() {
        assert_eq!(
            decision.is_allowed(),
            of(number) == (0, 0),
            "in a crowd, question {number} got {decision:?}"
        );
    }
}

enum Asked {
    Answered(Decision),
    Waiting(Wait<Decision>),
}

/// Waits for all of them at once.
async fn all(steps: Vec<Step<Decision>>) -> Vec<Decision> {
    let mut asked: Vec<Asked> = steps
        .into_iter()
        .map(|step| match step {
            Step::Done(decision) => Asked::Answered(decision),
            Step::Wait(wait) => Asked::Waiting(wait),
        })
        .collect();
    poll_fn(|cx| {
        let mut waiting = false;
        for one in &mut asked {
            if let Asked::Waiting(wait) = one {
                match wait.as_mut().poll(cx) {
                    Poll::Ready(decision) => *one = Asked::Answered(decision),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    let answered = asked.into_iter().filter_map(|one| match one {
        Asked::Answered(decision) => Some(decision),
        Asked::Waiting(_) => None,
    });
    answered.collect()
}

/// The answer to a request, of which the caller sees nothing of the engine, and a shadow nothing at all.
async fn check_answer(point: &Arc<dyn DecisionPoint>, subject: &str, status: Option<u16>) {
    let mut request = Request::new(());
    let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
    assert!(trail.authenticated(caller(subject)).is_ok());
    let Ok(view) = RequestView::of(&request) else { return };
    let question = ask(Arc::clone(point)).action("read").resource("document").id("1");
    let shadow = question.clone().in_mode(Mode::Shadow).decide(&view).resolve().await;
    assert!(shadow.is_ok(), "a shadow refused");
    let answer = question.decide(&view).resolve().await;
    assert_eq!(answer.as_ref().err().map(|denial| denial.status().as_u16()), status, "for {subject}");
    let Err(denial) = answer else { return };
    let said = denial.explanation().unwrap_or_default().to_owned();
    let response = Refuse::new().response::<Vec<u8>>(denial, &RefusedRequest::of(&request));
    let body = String::from_utf8_lossy(response.body());
    let engine = said.split(": ").nth(2).unwrap_or(&said);
    for secret in [point.name(), "document/1", engine] {
        assert!(secret.is_empty() || !body.contains(secret), "the caller learns {secret:?}: {body}");
    }
}

fn caller(subject: &str) -> Principal {
    Principal::builder(subject, CredentialMethod::Jwt).build()
}
