//! Answers that change nothing: nobody waits for them.

use std::sync::{Arc, Mutex};

use http::Request;
use portcullis_core::{Denial, Mode, Reason, RequestView, Room, Step};
use tokio::sync::watch;

use super::slow::{Slow, finish, settle};
use crate::engine::{Ask, MAX_WATCHED, ask};
use crate::test_support::{known, noted, request};

fn slow(panics: bool) -> (watch::Sender<bool>, Ask) {
    let (tell, ask, _) = counted(panics);
    (tell, ask)
}

fn counted(panics: bool) -> (watch::Sender<bool>, Ask, Arc<Mutex<Vec<bool>>>) {
    let (tell, slow, polled) = Slow::new(panics);
    (tell, ask(slow).action("read").resource("todo").id("7").in_mode(Mode::Shadow), polled)
}

fn start(ask: &Ask, request: &Request<()>) -> Option<Result<(), Denial>> {
    ask.decide(&RequestView::of(request).unwrap()).done()
}

#[tokio::test]
async fn a_request_does_not_wait_for_an_answer_that_changes_nothing() {
    for (panics, reason) in [(false, Reason::PolicyDenied), (true, Reason::Panicked)] {
        let (tell, ask) = slow(panics);
        let (quick, over) = (request(&known("", &[])), request(&known("", &[])));
        assert!(matches!(start(&ask, &quick), Some(Ok(()))) && matches!(start(&ask, &over), Some(Ok(()))));
        let late = finish(&over);
        settle().await;
        assert!(noted(&quick, Room::Rule).is_empty() && late.lock().unwrap().is_empty());
        tell.send(true).unwrap();
        settle().await;
        let entries = noted(&quick, Room::Rule);
        assert_eq!((entries.len(), entries[0].1, entries[0].2), (1, reason, false), "it came in time");
        assert!(panics || entries[0].3.contains("slow: read todo/7: no policy"), "{entries:?}");
        assert_eq!(*late.lock().unwrap(), [reason], "it came late, and is told");
        assert!(noted(&over, Room::Rule).is_empty(), "its event is what it was");
    }
}

#[tokio::test]
async fn an_answer_that_is_enforced_is_waited_for() {
    let (tell, ask, polled) = counted(false);
    let request = request(&known("", &[]));
    assert!(matches!(start(&ask, &request), Some(Ok(()))));
    let Step::Wait(wait) = ask.in_mode(Mode::Enforce).decide(&RequestView::of(&request).unwrap()) else {
        panic!("it did not wait")
    };
    tell.send(true).unwrap();
    assert_eq!(wait.await.unwrap_err().reason(), Reason::PolicyDenied);
    assert_eq!(
        *polled.lock().unwrap(),
        [true, false],
        "the decision point is told which one changes nothing"
    );
}

#[tokio::test]
async fn no_more_answers_are_awaited_than_there_are_places_and_places_are_given_back() {
    let (tell, ask, polled) = counted(false);
    let requests: Vec<_> = (0..MAX_WATCHED).map(|_| request(&known("", &[]))).collect();
    for request in &requests {
        // Clones are the same question.
        assert!(start(&ask.clone(), request).is_some() && noted(request, Room::Rule).is_empty());
    }
    let one_more = request(&known("", &[]));
    assert!(matches!(start(&ask, &one_more), Some(Ok(()))), "it goes on");
    let entries = noted(&one_more, Room::Rule);
    assert_eq!((entries[0].1, entries[0].2), (Reason::DecisionPointUnavailable, false));
    assert!(entries[0].3.contains("256 answers"), "{entries:?}");
    assert_eq!(polled.lock().unwrap().len(), MAX_WATCHED, "and is not asked");
    tell.send(true).unwrap();
    settle().await;
    assert!(requests.iter().all(|request| noted(request, Room::Rule)[0].1 == Reason::PolicyDenied));
    tell.send(false).unwrap();
    let after = request(&known("", &[]));
    assert!(start(&ask, &after).is_some() && noted(&after, Room::Rule).is_empty());
}

/// A server that ends drops what it still waits for.
#[test]
fn an_answer_that_the_runtime_does_not_live_to_see_is_a_failure_of_the_decision_point() {
    let (tell, ask) = slow(false);
    let (open, over) = (request(&known("", &[])), request(&known("", &[])));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let late = runtime.block_on(async {
        assert!(start(&ask, &open).is_some() && start(&ask, &over).is_some());
        finish(&over)
    });
    drop(runtime);
    let entries = noted(&open, Room::Rule);
    assert_eq!((entries.len(), entries[0].1, entries[0].2), (1, Reason::DecisionPointUnavailable, false));
    assert!(entries[0].3.contains("the runtime ended"), "{entries:?}");
    assert_eq!(*late.lock().unwrap(), [Reason::DecisionPointUnavailable]);
    drop(tell);
}

#[test]
fn without_a_runtime_the_request_waits() {
    let (tell, ask) = slow(false);
    let request = request(&known("", &[]));
    let Step::Wait(wait) = ask.decide(&RequestView::of(&request).unwrap()) else { panic!("who waits?") };
    tell.send(true).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(runtime.block_on(wait).is_ok());
    assert_eq!(noted(&request, Room::Rule)[0].1, Reason::PolicyDenied);
}
