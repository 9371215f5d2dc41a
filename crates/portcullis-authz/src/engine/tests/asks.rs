//! Questions of routes: what is asked, what the answer does, what the event tells.

use std::sync::{Arc, Mutex};

use http::{Method, Request};
use portcullis_core::{
    Decision, Denial, Effect, Explanation, Finding, Mode, Reason, RequestView, Room, Step, Trail,
};
use serde_json::{Value, json};

use crate::engine::{Ask, AskLayer, DecisionPoint, Question, ask, unavailable};
use crate::guard::PathParameters;
use crate::test_support::{Who, challenges, known, noted, request, response};

/// Answers as it was told to, now or after a wait, and keeps what it was asked.
#[derive(Clone)]
struct Scripted {
    answer: Decision,
    waits: bool,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Scripted {
    fn new(answer: Decision) -> Self {
        Self { answer, waits: false, asked: Arc::default() }
    }

    fn waiting(answer: Decision) -> Self {
        Self { waits: true, ..Self::new(answer) }
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

impl DecisionPoint for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn decide(&self, question: &Question<'_>) -> Step<Decision> {
        self.asked.lock().unwrap().push(serde_json::to_value(question).unwrap());
        let answer = self.answer.clone();
        if self.waits { Step::wait(async move { answer }) } else { Step::Done(answer) }
    }
}

fn allowing() -> Decision {
    Decision::allow(Reason::PolicyAllowed).because("policy0")
}

fn refusing() -> Decision {
    Decision::deny(Reason::PolicyDenied).because("no policy")
}

fn decide(ask: &Ask, request: &Request<()>) -> Result<(), Denial> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(ask.decide(&RequestView::of(request).unwrap()).resolve())
}

fn todo(point: &Scripted) -> Ask {
    ask(point.clone()).action("can_read").resource("todo").id("7")
}

#[track_caller]
fn check_refused(answer: Decision, status: u16, reason: Reason) {
    for point in [Scripted::new(answer.clone()), Scripted::waiting(answer)] {
        let request = request(&known("", &[]));
        let denial = decide(&todo(&point), &request).unwrap_err();
        assert_eq!((denial.status().as_u16(), denial.reason()), (status, reason));
        let entries = noted(&request, Room::Rule);
        assert_eq!(entries.len(), 1);
        let (effect, noted_reason, enforced, detail) = &entries[0];
        assert_eq!((*effect, *noted_reason, *enforced), (Effect::Deny, reason, true));
        assert!(detail.starts_with("scripted: can_read todo/7"), "{detail}");
    }
}

#[test]
fn what_the_decision_point_allows_goes_on_and_is_noted_once_also_after_a_wait() {
    for point in [Scripted::new(allowing()), Scripted::waiting(allowing())] {
        let request = request(&known("", &[]));
        decide(&todo(&point), &request).unwrap();
        let detail = "scripted: can_read todo/7: policy0".to_owned();
        assert_eq!(noted(&request, Room::Rule), [(Effect::Allow, Reason::PolicyAllowed, true, detail)]);
    }
}

#[test]
fn what_the_decision_point_refuses_is_403_and_the_caller_learns_nothing_of_the_engine() {
    check_refused(refusing(), 403, Reason::PolicyDenied);
    check_refused(Decision::deny(Reason::InsufficientRole), 403, Reason::InsufficientRole);
    let denial = decide(&todo(&Scripted::new(refusing())), &request(&known("", &[]))).unwrap_err();
    assert!(denial.explanation().unwrap().contains("no policy"));
    let body = String::from_utf8(response(denial).into_body().to_vec()).unwrap();
    assert!(!body.contains("scripted") && !body.contains("policy") && !body.contains("todo"), "{body}");
}

/// Invariant 4.
#[test]
fn a_decision_point_that_fails_is_503_and_never_a_pass() {
    check_refused(unavailable("connection refused"), 503, Reason::DecisionPointUnavailable);
    let point = Scripted::waiting(unavailable("down"));
    let denial = decide(&todo(&point), &request(&known("", &[]))).unwrap_err();
    assert_eq!(denial.retry_after_seconds(), Some(1));
    // A refusal that gives a reason to allow.
    check_refused(Decision::deny(Reason::PolicyAllowed), 500, Reason::InternalError);
}

#[test]
fn the_event_has_a_tree_of_what_was_asked_and_the_caller_sees_it_only_where_it_is_disclosed() {
    let tree = Explanation::new("policy0", Finding::Fails);
    let point = Scripted::waiting(refusing().explained(tree));
    let request = request(&known("", &[]));
    let written = "* scripted: can_read todo/7: fails, held no policy\n  policy0: fails\n";
    let denial = decide(&todo(&point), &request).unwrap_err();
    assert_eq!(denial.explanation_tree().unwrap().tree(None).to_string(), written);
    assert!(denial.disclosed().is_none());
    Trail::of(request.extensions()).unwrap().read(|state| {
        let explained = state.entries[0].explained.as_ref().unwrap();
        assert_eq!(explained.tree(None).to_string(), written);
    });
    Trail::of(request.extensions()).unwrap().disclose();
    let denial = decide(&todo(&point), &request).unwrap_err();
    assert_eq!(denial.disclosed().unwrap().to_string(), written);
}

#[test]
fn a_refusal_for_want_of_a_login_carries_the_challenges_of_the_route() {
    let point = Scripted::waiting(Decision::deny(Reason::AuthenticationTooWeak));
    let denial = decide(&todo(&point), &request(&known("", &[]))).unwrap_err();
    assert_eq!(denial.status(), 401);
    assert!(
        challenges(&denial).iter().any(|challenge| challenge.contains("insufficient_user_authentication"))
    );
}

/// Invariant 5.
#[test]
fn nobody_is_asked_about_a_caller_who_is_not_known() {
    let point = Scripted::new(allowing());
    let anonymous = decide(&todo(&point), &request(&Who::Anonymous)).unwrap_err();
    assert_eq!((anonymous.status().as_u16(), challenges(&anonymous).len()), (401, 2));
    let not_asked = decide(&todo(&point), &request(&Who::NotAsked)).unwrap_err();
    assert_eq!((not_asked.status().as_u16(), not_asked.reason()), (500, Reason::Misconfigured));
    assert!(point.asked().is_empty());
}

#[test]
fn a_shadow_changes_nothing_not_even_if_the_engine_fails() {
    let answers = [refusing(), unavailable("down"), Decision::deny(Reason::PolicyAllowed)];
    for answer in answers {
        for point in [Scripted::new(answer.clone()), Scripted::waiting(answer.clone())] {
            for mode in [Mode::Shadow, Mode::Percent(0)] {
                let request = request(&known("", &[]));
                decide(&todo(&point).in_mode(mode), &request).unwrap();
                let entries = noted(&request, Room::Rule);
                assert_eq!(entries.len(), 1);
                assert_eq!((entries[0].0, entries[0].2), (Effect::Deny, false));
            }
        }
    }
    // Nor if it cannot even be asked.
    for who in [Who::Anonymous, Who::NotAsked] {
        let request = request(&who);
        let point = Scripted::new(allowing());
        decide(&todo(&point).id_from_path("nowhere").in_mode(Mode::Shadow), &request).unwrap();
        assert_eq!(noted(&request, Room::Rule).len(), 1);
    }
}

/// Panics as soon as it is asked, or once it is waited for.
struct Broken {
    waits: bool,
}

impl DecisionPoint for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn decide(&self, _: &Question<'_>) -> Step<Decision> {
        if self.waits { Step::wait(async { panic!("late") }) } else { panic!("at once") }
    }
}

#[test]
fn a_shadow_keeps_a_panic_to_itself() {
    let broken = |waits| ask(Broken { waits }).action("read").id("7");
    let reader = ask(Scripted::new(allowing())).id("7").context_from("x", |_| panic!("a reader"));
    for ask in [broken(false), broken(true), reader] {
        let request = request(&known("", &[]));
        decide(&ask.in_mode(Mode::Shadow), &request).unwrap();
        let entries = noted(&request, Room::Rule);
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].0, entries[0].1, entries[0].2), (Effect::Deny, Reason::Panicked, false));
    }
}

#[test]
fn what_is_enforced_for_every_request_is_enforced() {
    let ask = todo(&Scripted::new(refusing())).in_mode(Mode::Percent(100));
    assert_eq!(decide(&ask, &request(&known("", &[]))).unwrap_err().status(), 403);
}

#[test]
fn the_method_and_the_template_of_the_route_are_asked_about_unless_said_otherwise() {
    let point = Scripted::new(allowing());
    let mut request = request(&known("", &[]));
    *request.method_mut() = Method::PUT;
    *request.uri_mut() = "/todos/7".parse().unwrap();
    Trail::of(request.extensions()).unwrap().set_route("/todos/{id}".into());
    decide(&ask(point.clone()), &request).unwrap();
    let asked = &point.asked()[0];
    assert_eq!(asked["action"], json!({ "name": "PUT" }));
    assert_eq!(asked["resource"], json!({ "type": "route", "id": "/todos/{id}" }));
    assert_eq!(asked.get("context"), None);
}

#[test]
fn without_a_router_there_is_no_route_to_ask_about() {
    let denial = decide(&ask(Scripted::new(allowing())), &request(&known("", &[]))).unwrap_err();
    assert_eq!(denial.reason(), Reason::Misconfigured);
    assert!(denial.explanation().unwrap().contains("which route matched"));
}

#[test]
fn parts_of_the_question_come_from_the_path_and_the_request() {
    let point = Scripted::new(allowing());
    let ask = ask(point.clone())
        .action("read")
        .resource("file")
        .id_from_path("file")
        .attribute("public", false)
        .attribute_from_path("team", "team")
        .attribute_from("length", |request| request.uri().path().len().into())
        .context("weekday", 3)
        .context_from("accept", |request| request.headers().contains_key("accept").into());
    let mut request = request(&known("", &[]));
    *request.uri_mut() = "/teams/a%20b/files/x%2Fy".parse().unwrap();
    let parameters = PathParameters::read("/teams/{team}/files/{file}", request.uri().path()).unwrap();
    request.extensions_mut().insert(parameters);
    decide(&ask, &request).unwrap();
    let asked = &point.asked()[0];
    let properties = json!({ "public": false, "team": "a b", "length": 24 });
    assert_eq!(asked["resource"], json!({ "type": "file", "id": "x/y", "properties": properties }));
    assert_eq!(asked["context"], json!({ "weekday": 3, "accept": false }));
}

#[test]
fn a_parameter_that_cannot_be_decoded_is_404_and_one_that_the_route_lacks_is_500() {
    let point = Scripted::new(allowing());
    let mut request = request(&known("", &[]));
    request.extensions_mut().insert(PathParameters::read("/{id}", "/%ff").unwrap());
    let ask = ask(point.clone()).action("read").resource("file");
    assert_eq!(decide(&ask.clone().id_from_path("id"), &request).unwrap_err().status(), 404);
    assert_eq!(decide(&ask.clone().id_from_path("other"), &request).unwrap_err().status(), 500);
    let attribute = ask.id("x").attribute_from_path("team", "id");
    assert_eq!(decide(&attribute, &request).unwrap_err().status(), 404);
    assert!(point.asked().is_empty());
}

#[test]
fn a_question_prints_itself_for_the_route_table() {
    let point = Scripted::new(allowing());
    let printed = |ask: &Ask| (ask.to_string(), serde_json::to_value(ask).unwrap()["ask"].clone());
    assert_eq!(
        printed(&ask(point.clone())),
        (
            "ask(scripted: {method} route/{route})".to_owned(),
            json!({ "point": "scripted", "action": "{method}", "resource": "route", "id": "{route}" })
        )
    );
    let ask = ask(point).action("read\n").resource("todo").id_from_path("id").in_mode(Mode::Percent(5));
    assert_eq!(ask.to_string(), r"ask(scripted: read\u{a} todo/{id}) [5 %]");
    assert_eq!(printed(&ask).1["mode"], "5 %");
    assert_eq!(
        format!("{:?}", ask.in_mode(Mode::Shadow)),
        r"Ask(ask(scripted: read\u{a} todo/{id}) [shadow])"
    );
}

#[test]
fn a_question_without_names_makes_no_layer() {
    let codes = |ask: Ask| -> Vec<&str> {
        AskLayer::new(ask).err().map(|errors| errors.codes().collect()).unwrap_or_default()
    };
    let ask = || ask(Scripted::new(allowing()));
    assert_eq!(codes(ask()), [""; 0]);
    assert_eq!(codes(ask().action("").resource("").id("")), ["P251"; 3]);
    assert_eq!(codes(ask().id_from_path("")), ["P251"]);
    assert_eq!(codes(ask().attribute("", 1).context_from("", |_| Value::Null)), ["P251"; 2]);
    assert_eq!(codes(ask().attribute("a", 1).attribute("a", 2).context("a", 1)), ["P251"]);
    assert_eq!(codes(ask().attribute_from_path("a", "")), ["P251"]);
}
