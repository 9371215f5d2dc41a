//! The suite itself, against decision points that keep the promises and such that break one each.

use std::sync::Arc;

use portcullis_core::{Decision, Reason, Step};

use crate::conformance::{decision_points, failing_decision_points};
use crate::engine::{DecisionPoint, Question, unavailable};

struct Deciding<F>(F);

impl<F: Fn(&Question<'_>) -> Decision + Send + Sync> DecisionPoint for Deciding<F> {
    fn name(&self) -> &str {
        "deciding"
    }

    fn decide(&self, question: &Question<'_>) -> Step<Decision> {
        let decision = (self.0)(question);
        Step::wait(async move { decision })
    }
}

fn may(question: &Question<'_>) -> bool {
    let asked = (question.caller().subject(), question.action(), question.kind(), question.id());
    asked == ("alice", "read", "document", "1")
}

fn rightly(question: &Question<'_>) -> Decision {
    Decision::allow_if(may(question), Reason::PolicyDenied).because("policy0")
}

fn point(decide: impl Fn(&Question<'_>) -> Decision + Send + Sync + 'static) -> Arc<dyn DecisionPoint> {
    Arc::new(Deciding(decide))
}

#[tokio::test]
async fn a_decision_point_that_keeps_the_promises_passes() {
    decision_points(&point(rightly)).await;
    failing_decision_points(&point(|_| unavailable("down"))).await;
}

#[track_caller]
fn check_found(point: Arc<dyn DecisionPoint>, what: &str) {
    let found = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(decision_points(&point));
    });
    assert!(found.join().is_err(), "{what} goes unnoticed");
}

#[test]
fn each_broken_promise_is_found() {
    check_found(point(|_| Decision::allow(Reason::PolicyAllowed)), "a decision point that allows everything");
    check_found(point(|_| Decision::deny(Reason::PolicyDenied)), "one that refuses everything");
    check_found(
        point(|question| if may(question) { rightly(question) } else { unavailable("?") }),
        "a failure",
    );
    check_found(
        point(|question| Decision::allow_if(question.id() == "1", Reason::PolicyDenied)),
        "one that looks at the resource alone",
    );
    check_found(
        point(|question| rightly(question).because(format!("asked for {}", question.id()))),
        "a detail that is not escaped",
    );
    check_found(point(|question| rightly(question).because("x".repeat(5000))), "a detail without end");
    check_found(
        point(|question| {
            Decision::allow_if(
                question.caller().subject().trim() == "alice" && may_for_alice(question),
                Reason::PolicyDenied,
            )
        }),
        "names that are trimmed",
    );
    check_found(
        point(|question| match rightly(question) {
            decision if decision.is_allowed() => decision,
            _ => Decision::deny(Reason::PolicyAllowed),
        }),
        "a refusal for a reason to allow",
    );
}

fn may_for_alice(question: &Question<'_>) -> bool {
    (question.action(), question.kind(), question.id()) == ("read", "document", "1")
}

#[test]
fn a_failure_that_is_a_refusal_is_found() {
    for answer in [Decision::deny(Reason::PolicyDenied), Decision::allow(Reason::PolicyAllowed)] {
        let found = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(failing_decision_points(&point(move |_| answer.clone())));
        });
        assert!(found.join().is_err());
    }
}
