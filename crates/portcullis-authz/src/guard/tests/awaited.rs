//! Policies and stores that wait, and how long for.

use std::future::pending;
use std::time::Duration;

use super::*;

/// Asks somebody who never answers, unless the document is the caller's.
struct Remote;

impl AsyncPolicy<Read, Document> for Remote {
    async fn decide(&self, caller: &Principal, document: &Document) -> Decision {
        match document.owner.as_str() {
            "nobody" => pending().await,
            owner => {
                tokio::task::yield_now().await;
                Decision::allow_if(owner == caller.subject(), Reason::PolicyDenied)
            }
        }
    }
}

async fn asked(request: &Request<()>, owner: &str) -> Result<Permit<Read, Document>, Denial> {
    let view = RequestView::of(request).unwrap();
    Guard::new(&Awaited(Remote)).load_and_authorize(&view, &Store::default(), owner).await
}

#[tokio::test]
async fn a_policy_may_wait_before_it_decides() {
    let request = request(&known("", &[]));
    assert_eq!(asked(&request, "alice").await.unwrap().owner, "alice");
    assert_eq!(asked(&request, "bob").await.unwrap_err().status(), 404);
}

/// Invariant 4: no answer is neither a pass nor a refusal.
#[tokio::test(start_paused = true)]
async fn a_policy_that_is_late_is_503_with_a_reason_of_its_own() {
    let request = request(&known("", &[]));
    let begun = tokio::time::Instant::now();
    let denial = asked(&request, "nobody").await.unwrap_err();
    assert_eq!(begun.elapsed(), DEFAULT_DECISION_DEADLINE);
    assert_eq!((denial.status().as_u16(), denial.reason()), (503, Reason::PolicyDeadlineExceeded));
    let noted = noted(&request, Room::Guard);
    let expected = "Read Document/nobody: policy_deadline_exceeded, the policy did not decide within 2s";
    assert_eq!(noted, [(Effect::Deny, Reason::PolicyDeadlineExceeded, true, expected.to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_late_is_503() {
    struct Slow;
    #[derive(Debug)]
    struct Thing;
    impl Resource for Thing {
        type Id = u32;
        type Store = Slow;
        type Rules = Rules;
    }
    impl Load<Thing> for Slow {
        async fn load(&self, _: &u32) -> Result<Option<Thing>, StoreError> {
            pending().await
        }
    }
    impl Policy<Read, Thing> for Rules {
        fn decide(&self, _: &Principal, _: &Thing) -> Decision {
            Decision::allow(Reason::PolicyAllowed)
        }
    }
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let guard = Guard::new(&Rules);
    for (guard, deadline) in [
        (guard, DEFAULT_LOAD_DEADLINE),
        (guard.with_load_deadline(Duration::from_millis(7)), Duration::from_millis(7)),
    ] {
        let begun = tokio::time::Instant::now();
        let denial = guard.load_and_authorize::<Read, Thing>(&view, &Slow, "7").await.map(drop).unwrap_err();
        assert_eq!((begun.elapsed(), denial.reason()), (deadline, Reason::StoreDeadlineExceeded));
    }
    assert_eq!(noted(&request, Room::Guard)[1].3, "Read Thing/7: nothing was loaded within 7ms");
}

#[tokio::test(start_paused = true)]
async fn the_guard_may_be_told_how_long_to_wait_for_the_policy() {
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let begun = tokio::time::Instant::now();
    let policy = Awaited(Remote);
    let guard = Guard::new(&policy).with_decision_deadline(Duration::from_millis(7));
    let document = || Document { owner: "nobody".to_owned() };
    assert_eq!(guard.authorize_async::<Read, _>(&view, document()).await.unwrap_err().status(), 503);
    assert_eq!(guard.check_async::<Read, _>(&view, document()).await.unwrap_err().status(), 503);
    assert_eq!(begun.elapsed(), Duration::from_millis(14));
}

/// Invariant 5: what nobody waited for is no pass.
#[test]
fn a_policy_that_waits_where_nobody_can_is_misconfigured() {
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let guard_of = Awaited(Remote);
    let guard = Guard::new(&guard_of);
    let document = || Document { owner: "alice".to_owned() };
    assert_eq!(guard.authorize::<Read, _>(&view, document()).unwrap_err().reason(), Reason::Misconfigured);
    assert_eq!(guard.check::<Read, _>(&view, document()).unwrap_err().reason(), Reason::Misconfigured);
    let caller = view.principal().unwrap();
    assert_eq!(Policy::<Read, _>::decide(&guard_of, caller, &document()).reason(), Reason::Misconfigured);
}

/// Whoever runs a guard without tokio finds out by an answer and not by a panic.
#[test]
fn a_wait_without_a_timer_is_misconfigured() {
    let request = request(&known("", &[]));
    let answered = || futures_now(asked(&request, "nobody")).unwrap().unwrap_err().reason();
    assert_eq!(answered(), Reason::Misconfigured);
    // Nor does this one keep the time.
    let timeless = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(timeless.block_on(async { answered() }), Reason::Misconfigured);
    // What is ready when it is asked needs none.
    let view = RequestView::of(&request).unwrap();
    let (guard, store) = (Guard::new(&Rules), Store::default());
    let permit = guard.load_and_authorize::<Read, Document>(&view, &store, "alice");
    assert!(futures_now(permit).unwrap().is_ok());
}

fn futures_now<F: Future>(future: F) -> Option<F::Output> {
    deadline::at_once(future)
}

#[tokio::test]
async fn another_action_is_asked_without_loading_again() {
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let store = Store::default();
    let permit =
        Guard::new(&Rules).load_and_authorize::<Read, Document>(&view, &store, "shared").await.unwrap();
    // Everybody reads it, but it is not Alice's.
    let denial = permit.also::<Create, _>(&Rules).await.unwrap_err();
    assert_eq!((denial.status().as_u16(), store.loads.load(Ordering::Relaxed)), (404, 1));
    let permit =
        Guard::new(&Rules).load_and_authorize::<Read, Document>(&view, &store, "alice").await.unwrap();
    let also: Permit<Create, &Document> = permit.also::<Create, _>(&Rules).await.unwrap();
    assert_eq!((also.owner.as_str(), also.principal().subject()), ("alice", "alice"));
    assert_eq!((noted(&request, Room::Guard).len(), store.loads.load(Ordering::Relaxed)), (4, 2));
}
