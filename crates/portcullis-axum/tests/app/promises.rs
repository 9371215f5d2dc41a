//! What becomes of a check that is misspelt, or that nobody can answer. (One that is forgotten does not compile: see
//! `Routes::route` and `DeclareGuards::guards`.)

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portcullis_authz::engine::{DecisionPoint, Question, ask, unavailable};
use portcullis_authz::{ScopeCatalog, ScopeSet, Scoped, authenticated, scope};
use portcullis_axum::{Routes, SecureRouter, get};
use portcullis_core::{Decision, Step};

use crate::support::{Bench, problem, security};

#[test]
fn a_misspelt_scope_is_an_error_of_the_start_that_names_the_route_and_what_was_meant() {
    let finish = |asked: &str| {
        let (security, ..) = security();
        let security = security.scopes(ScopeCatalog::new(["notes:read", "notes:write"])).build().unwrap();
        SecureRouter::new(security)
            .mount(Routes::new().route("/notes/{id}", get(async || ()).requires(scope(asked))))
            .finish()
    };
    assert!(finish("notes:read").is_ok());
    let errors = finish("note:read").unwrap_err();
    let text = errors.to_string();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P211"], "{text}");
    assert!(text.starts_with("P211: /notes/{id}: ") && text.contains("did you mean `notes:read`?"), "{text}");
}

/// The scopes of a handler's argument, as those of a rule.
#[test]
fn a_scope_that_is_misspelt_in_an_argument_is_the_same_error() {
    #[derive(Debug)]
    struct Reads;

    impl ScopeSet for Reads {
        const SCOPES: &'static [&'static str] = &["note:read"];
    }

    let finish = |declared: &str| {
        let (security, ..) = security();
        let security = security.scopes(ScopeCatalog::new([declared])).build().unwrap();
        let handler = async |_: Scoped<Reads>| ();
        SecureRouter::new(security)
            .mount(Routes::new().route("/notes/{id}", get(handler).requires(authenticated())))
            .finish()
    };
    assert!(finish("note:read").is_ok());
    assert_eq!(
        finish("notes:read").unwrap_err().to_string(),
        "P211: /notes/{id}: `scopes(note:read)`: scope `note:read` is not declared; did you mean `notes:read`?"
    );
}

struct Down;

impl DecisionPoint for Down {
    fn name(&self) -> &str {
        "down"
    }

    fn decide(&self, _: &Question<'_>) -> Step<Decision> {
        Step::wait(async { unavailable("nobody listens at 10.1.2.3") })
    }
}

#[tokio::test]
async fn an_engine_that_is_down_is_503_and_the_handler_is_not_reached() {
    let reached = Arc::new(AtomicBool::new(false));
    let handler = {
        let reached = Arc::clone(&reached);
        async move || reached.store(true, Ordering::SeqCst)
    };
    let asked = ask(Down).action("read").resource("note").id_from_path("id");
    let routes = Routes::new().route("/notes/{id}", get(handler).requires(scope("read")).asks(asked));
    let bench = Bench::new(routes);
    let response = bench.call(bench.as_alice("GET", "/notes/7")).await;
    assert_eq!(response.headers()["retry-after"], "1");
    let problem = problem(response).await;
    assert_eq!(problem["status"], 503);
    // The event says what happened, the answer does not.
    assert!(!problem.to_string().contains("10.1.2.3"), "{problem}");
    assert_eq!(bench.last_reason(), "decision_point_unavailable");
    let events = bench.events.events();
    let details: Vec<_> = events.last().unwrap().decisions().into_iter().map(|entry| entry.detail).collect();
    assert!(format!("{details:?}").contains("down: read note/7: nobody listens at 10.1.2.3"), "{details:?}");
    assert!(!reached.load(Ordering::SeqCst));
}
