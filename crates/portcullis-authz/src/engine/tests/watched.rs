//! Answers that change nothing: nobody waits for them.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use http::Request;
use portcullis_core::{Decision, Denial, Mode, Reason, RequestView, Room, Step};
use tokio::sync::watch;

use super::slow::{Slow, finish, settle};
use crate::engine::{Ask, DecisionPoint, MAX_WATCHED, Question, ask};
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

/// Nobody waits where nothing can wait beside the request either.
#[test]
fn without_a_runtime_the_decision_point_is_polled_once() {
    let (tell, ask, polled) = counted(false);
    let (unknown, known_at_once) = (request(&known("", &[])), request(&known("", &[])));
    assert!(matches!(start(&ask, &unknown), Some(Ok(()))));
    let entries = noted(&unknown, Room::Rule);
    assert_eq!((entries.len(), entries[0].1, entries[0].2), (1, Reason::DecisionPointUnavailable, false));
    assert!(entries[0].3.contains("not awaited: there is no runtime"), "{entries:?}");
    tell.send(true).unwrap();
    assert!(matches!(start(&ask, &known_at_once), Some(Ok(()))));
    assert_eq!(noted(&known_at_once, Room::Rule)[0].1, Reason::PolicyDenied);
    assert_eq!(polled.lock().unwrap().len(), 2, "each once");
}

/// Panics when it is let go of, whether it has decided or not.
struct Bomb {
    decides: bool,
}

impl DecisionPoint for Bomb {
    fn name(&self) -> &str {
        "bomb"
    }

    fn decide(&self, _: &Question<'_>) -> Step<Decision> {
        struct Fuse;
        impl Drop for Fuse {
            fn drop(&mut self) {
                panic!("let go of");
            }
        }
        let (fuse, decides) = (Fuse, self.decides);
        Step::wait(poll_fn(move |_| {
            let _ = &fuse;
            if decides { Poll::Ready(Decision::deny(Reason::PolicyDenied)) } else { Poll::Pending }
        }))
    }
}

/// Issue 4, point 5: never affects a response.
#[test]
fn what_panics_when_it_is_let_go_of_changes_no_answer() {
    let bomb = |decides| ask(Bomb { decides }).action("read").id("7").in_mode(Mode::Shadow);
    let said = |decides, reason| {
        let request = request(&known("", &[]));
        assert!(matches!(start(&bomb(decides), &request), Some(Ok(()))));
        let entries = noted(&request, Room::Rule);
        assert_eq!((entries.len(), entries[0].1), (1, reason));
    };
    said(true, Reason::PolicyDenied);
    said(false, Reason::DecisionPointUnavailable);
    // Awaited beside the request, and one more than there may be.
    let (waiting, one_more) = (request(&known("", &[])), request(&known("", &[])));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        said(true, Reason::PolicyDenied);
        let ask = bomb(false);
        for _ in 0..MAX_WATCHED {
            assert!(matches!(start(&ask, &waiting), Some(Ok(()))));
        }
        assert!(matches!(start(&ask, &one_more), Some(Ok(()))));
    });
    assert_eq!(noted(&one_more, Room::Rule).len(), 1);
    drop(runtime);
    let entries = noted(&waiting, Room::Rule);
    assert!(entries.iter().all(|entry| entry.3.contains("the runtime ended")), "{entries:?}");
}
