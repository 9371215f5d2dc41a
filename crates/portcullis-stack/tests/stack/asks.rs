//! Questions to decision points, after the rule of the route.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::Method;
use portcullis_audit::{AuditEvent, AuditSink, SinkError};
use portcullis_authz::engine::{DecisionPoint, Question, ask};
use portcullis_authz::{authenticated, scope};
use portcullis_core::{Decision, Mode, Reason, Step, TrailEntry};
use portcullis_stack::{RouteList, RoutePolicy, RouteTable, Security};
use tokio::sync::watch;

use crate::support::{Bench, request, text};

/// Allows reading note 7, fails on note 500, answers at once or later, and counts how often it was asked.
#[derive(Clone, Default)]
struct Point {
    asked: Arc<AtomicUsize>,
    later: bool,
}

impl DecisionPoint for Point {
    fn name(&self) -> &str {
        "notes"
    }

    fn decide(&self, question: &Question<'_>) -> Step<Decision> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        assert_eq!((question.action(), question.kind()), ("read", "note"));
        let decision = match question.id() {
            "500" => Decision::deny(Reason::DecisionPointUnavailable),
            id => Decision::allow_if(id == "7", Reason::PolicyDenied),
        };
        if self.later { Step::wait(async move { decision }) } else { Step::Done(decision) }
    }
}

fn bench(point: &Point, mode: Mode) -> Bench {
    let ask = ask(point.clone()).action("read").resource("note").id_from_path("id").in_mode(mode);
    let policy = |held: &str| RoutePolicy::requires(scope(held)).asks(ask.clone());
    let routes = RouteList::new().route(Method::GET, "/notes/{id}", "show", policy("read")).route(
        Method::POST,
        "/notes/{id}",
        "write",
        policy("write"),
    );
    Bench::of(&routes, |security| security)
}

#[tokio::test]
async fn a_decision_point_is_asked_after_the_rule_and_both_must_allow() {
    for later in [false, true] {
        let point = Point { later, ..Point::default() };
        let bench = bench(&point, Mode::Enforce);
        for (method, path, status, reason, asked) in [
            ("GET", "/notes/7", 200, "-", 1),
            ("GET", "/notes/8", 403, "policy_denied", 1),
            ("GET", "/notes/500", 503, "decision_point_unavailable", 1),
            ("POST", "/notes/7", 403, "insufficient_scope", 0),
        ] {
            let before = point.asked.load(Ordering::SeqCst);
            let response = bench.call(bench.as_alice(method, path)).await;
            let asked_now = point.asked.load(Ordering::SeqCst) - before;
            assert_eq!((response.status().as_u16(), asked_now), (status, asked), "{method} {path} {later}");
            assert_eq!(bench.last_reason(), reason, "{method} {path}");
        }
        assert_eq!(bench.call(request("GET", "/notes/7")).await.status(), 401);
        let response = bench.call(bench.as_alice("GET", "/notes/7")).await;
        assert_eq!(text(response).await, "show 7", "guards behind it have the parameters too");
    }
}

#[tokio::test]
async fn a_decision_point_in_the_shadow_changes_nothing_even_if_it_fails() {
    let bench = bench(&Point::default(), Mode::Shadow);
    for (path, reason) in [
        ("/notes/7", "policy_allowed"),
        ("/notes/8", "policy_denied"),
        ("/notes/500", "decision_point_unavailable"),
    ] {
        assert_eq!(bench.call(bench.as_alice("GET", path)).await.status(), 200, "{path}");
        let events = bench.events.events();
        let shadow = events.last().unwrap().decisions().into_iter().find(|entry| !entry.enforced).unwrap();
        assert_eq!(shadow.reason.code(), reason, "{path}");
    }
}

/// Answers no when it is told to.
struct Slow(watch::Receiver<bool>);

impl DecisionPoint for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn decide(&self, _: &Question<'_>) -> Step<Decision> {
        let mut told = self.0.clone();
        Step::wait(async move {
            let _ = told.wait_for(|told| *told).await;
            Decision::deny(Reason::PolicyDenied)
        })
    }
}

/// Keeps the decisions that come after their events.
#[derive(Clone, Default)]
struct Late(Arc<Mutex<Vec<String>>>);

impl AuditSink for Late {
    fn record(&self, _: &AuditEvent) -> Step<Result<(), SinkError>> {
        Step::Done(Ok(()))
    }

    fn late(&self, event: &AuditEvent, decision: &TrailEntry) {
        let told = format!("{} {}", event.route().unwrap_or_default(), decision.reason.code());
        self.0.lock().unwrap().push(told);
    }
}

#[tokio::test]
async fn a_response_does_not_wait_for_a_decision_point_in_the_shadow_and_what_it_says_is_told() {
    let ((tell, told), late) = (watch::channel(false), Late::default());
    let policy = RoutePolicy::requires(scope("read")).asks(ask(Slow(told)).in_mode(Mode::Shadow));
    let routes = RouteList::new().route(Method::GET, "/notes/{id}", "show", policy);
    let bench = Bench::of(&routes, |security| security.audit(late.clone()));
    assert_eq!(bench.call(bench.as_alice("GET", "/notes/7")).await.status(), 200);
    let shadows = || {
        let events = bench.events.events();
        events.iter().flat_map(AuditEvent::decisions).filter(|entry| !entry.enforced).count()
    };
    assert_eq!((bench.events.events().len(), shadows()), (1, 0), "it has not answered yet");
    tell.send(true).unwrap();
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*late.0.lock().unwrap(), ["/notes/{id} policy_denied"]);
    // From now on it answers at once, and is in the event.
    assert_eq!(bench.call(bench.as_alice("GET", "/notes/7")).await.status(), 200);
    assert_eq!((bench.events.events().len(), shadows(), late.0.lock().unwrap().len()), (2, 1, 1));
}

#[test]
fn a_question_that_cannot_be_asked_is_an_error_when_the_routes_are_built() {
    let security = Security::builder().insecure_no_audit().build().unwrap();
    let codes = |policy: RoutePolicy| {
        let errors = security.gate("/notes/{id}", &policy).unwrap_err();
        errors.codes().map(str::to_owned).collect::<Vec<_>>()
    };
    let ask = || ask(Point::default()).action("read").resource("note");
    assert_eq!(codes(RoutePolicy::public("probe").asks(ask())), ["P251"]);
    let needs_another = RoutePolicy::requires(authenticated()).asks(ask().id_from_path("note"));
    assert!(codes(needs_another).contains(&"P251".to_owned()));
    let nameless = RoutePolicy::requires(authenticated()).asks(ask().action(""));
    assert!(codes(nameless).contains(&"P251".to_owned()));
}

#[test]
fn the_route_table_shows_what_is_asked() {
    let security = Security::builder().insecure_no_audit().build().unwrap();
    let mut table = RouteTable::of(&security);
    let question = ask(Point::default()).action("read").resource("note").id_from_path("id");
    let policy = RoutePolicy::requires(scope("read")).asks(question.in_mode(Mode::Shadow));
    table.add(Some(Method::GET), "/notes/{id}", policy, "show");
    let access = "scope(read), then ask(notes: read note/{id}) [shadow]";
    assert!(table.to_string().contains(access) && table.to_markdown().contains(access), "{table}");
    assert!(
        table.to_html().contains(access) && table.to_json().contains("ask(notes: read note/{id}) [shadow]")
    );
}
