//! Guards whose policy asks a decision point and is not enforced: nobody waits for it.

use std::borrow::Cow;
use std::time::Duration;

use http::Request;
use portcullis_core::{Effect, Mode, Reason, RequestView, Room, StoreError, Trail};

use super::slow::{Slow, finish, settle};
use crate::engine::{Describe, EnginePolicy};
use crate::test_support::{known, noted, request};
use crate::{Absent, Guard, Load, Permit, Policy, Read, Resource, Write};

/// Is not `Clone`: guards do not ask for that.
#[derive(Debug)]
struct Document(u32);

struct Documents;

impl Resource for Document {
    type Id = u32;
    type Store = Documents;
    type Rules = EnginePolicy<Slow>;
    const ABSENT: Absent<Self> = Absent::AskedAs(|id| Self(*id));
}

impl Load<Document> for Documents {
    async fn load(&self, id: &u32) -> Result<Option<Document>, StoreError> {
        Ok(Some(Document(*id)))
    }
}

impl Describe for Document {
    fn kind(&self) -> Cow<'_, str> {
        "document".into()
    }

    fn id(&self) -> Cow<'_, str> {
        self.0.to_string().into()
    }
}

/// The permit, without an answer of the decision point.
async fn read(policy: &EnginePolicy<Slow>, request: &Request<()>) -> Permit<Read, Document> {
    let view = RequestView::of(request).unwrap();
    Guard::new(policy).load_and_authorize(&view, &Documents, "7").await.unwrap()
}

/// A request of which the share of that mode is enforced, or not.
fn lot(mode: Mode, enforced: bool) -> Request<()> {
    let mut requests = std::iter::repeat_with(|| request(&known("", &[])));
    requests.find(|request| Trail::of(request.extensions()).unwrap().enforces(mode) == enforced).unwrap()
}

#[tokio::test]
async fn a_guard_in_the_shadow_hands_over_while_the_decision_point_is_still_asked() {
    for (panics, reason) in [(false, Reason::PolicyDenied), (true, Reason::Panicked)] {
        let (tell, slow, polled) = Slow::new(panics);
        let policy = EnginePolicy::new(slow).with_mode(Mode::Shadow);
        let (quick, over) = (request(&known("", &[])), request(&known("", &[])));
        assert_eq!((read(&policy, &quick).await.0, read(&policy, &over).await.into_inner().0), (7, 7));
        let late = finish(&over);
        settle().await;
        assert_eq!(*polled.lock().unwrap(), [true, true], "it is asked, and told that it is only watched");
        assert!(noted(&quick, Room::Guard).is_empty() && late.lock().unwrap().is_empty());
        tell.send(true).unwrap();
        settle().await;
        let entries = noted(&quick, Room::Guard);
        assert_eq!(entries.len(), 1, "it came in time");
        let (effect, noted_reason, enforced, detail) = &entries[0];
        assert_eq!((*effect, *noted_reason, *enforced), (Effect::Deny, reason, false));
        let said = if panics { "panicked, the policy panicked" } else { "policy_denied, slow: no policy" };
        assert_eq!(*detail, format!("Read Document/7: {said}"));
        assert_eq!(*late.lock().unwrap(), [reason], "it came late, and is told");
        assert!(noted(&over, Room::Guard).is_empty(), "its event is what it was");
    }
}

#[tokio::test]
async fn every_way_to_ask_a_guard_in_the_shadow_goes_on_without_the_answer() {
    let (tell, slow, polled) = Slow::new(false);
    let policy = EnginePolicy::new(slow).with_mode(Mode::Shadow);
    let (request, guard) = (request(&known("", &[])), Guard::new(&policy));
    let view = RequestView::of(&request).unwrap();
    let permit: Permit<Read, _> = guard.authorize_async(&view, Document(1)).await.unwrap();
    let _: Permit<Write, &Document> = permit.also(&policy).await.unwrap();
    let _: Permit<Read, _> = guard.check_async(&view, Document(2)).await.unwrap();
    // These cannot wait, and need not.
    let _: Permit<Read, _> = guard.authorize(&view, Document(3)).unwrap();
    let _: Permit<Read, _> = guard.check(&view, Document(4)).unwrap();
    assert!(noted(&request, Room::Guard).is_empty());
    assert_eq!(polled.lock().unwrap().len(), 5);
    tell.send(true).unwrap();
    settle().await;
    let entries = noted(&request, Room::Guard);
    assert!(entries.iter().all(|entry| entry.1 == Reason::PolicyDenied && !entry.2), "{entries:?}");
    assert_eq!(entries.len(), 5);
}

#[tokio::test]
async fn of_a_share_those_that_are_enforced_wait_and_are_refused_and_the_others_are_watched() {
    let mode = Mode::Percent(50);
    let (tell, slow, polled) = Slow::new(false);
    let policy = EnginePolicy::new(slow).with_mode(mode);
    let watched = lot(mode, false);
    assert_eq!(read(&policy, &watched).await.0, 7);

    let enforced = lot(mode, true);
    let view = RequestView::of(&enforced).unwrap();
    let guard = Guard::new(&policy);
    let mut asked = Box::pin(guard.load_and_authorize::<Read, Document>(&view, &Documents, "7"));
    let waits = tokio::time::timeout(Duration::ZERO, asked.as_mut()).await;
    assert!(waits.is_err(), "it does not go on without an answer");
    assert_eq!(*polled.lock().unwrap(), [true, false], "the decision point can tell them apart");
    tell.send(true).unwrap();
    assert_eq!(asked.await.unwrap_err().status(), 404);
    settle().await;
    assert!(noted(&enforced, Room::Guard)[0].2 && !noted(&watched, Room::Guard)[0].2);
}

#[tokio::test]
async fn the_ends_of_a_share_are_watched_or_enforced_whole() {
    for (mode, watched) in [(Mode::Percent(0), true), (Mode::Percent(100), false), (Mode::Enforce, false)] {
        let (tell, slow, polled) = Slow::new(false);
        tell.send(true).unwrap();
        let policy = EnginePolicy::new(slow).with_mode(mode);
        for _ in 0..20 {
            let request = request(&known("", &[]));
            let view = RequestView::of(&request).unwrap();
            let answer =
                Guard::new(&policy).load_and_authorize::<Read, Document>(&view, &Documents, "7").await;
            assert_eq!(answer.is_ok(), watched, "{mode:?}");
        }
        assert_eq!(*polled.lock().unwrap(), [watched; 20]);
    }
}

/// No answer is a failure, and stands in the event as one.
#[tokio::test(start_paused = true)]
async fn a_decision_point_that_never_answers_is_given_up_at_the_guards_deadline() {
    let (_tell, slow, _) = Slow::new(false);
    let policy = EnginePolicy::new(slow).with_mode(Mode::Shadow);
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let deadline = Duration::from_millis(7);
    let guard = Guard::new(&policy).with_decision_deadline(deadline);
    let begun = tokio::time::Instant::now();
    let _: Permit<Read, _> = guard.authorize_async(&view, Document(7)).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    let late = finish(&request);
    tokio::time::advance(deadline).await;
    settle().await;
    assert_eq!(*late.lock().unwrap(), [Reason::PolicyDeadlineExceeded]);
}

/// A server that ends drops what it still waits for.
#[test]
fn what_the_runtime_does_not_live_to_see_is_a_failure() {
    let (tell, slow, _) = Slow::new(false);
    let policy = EnginePolicy::new(slow).with_mode(Mode::Shadow);
    let request = request(&known("", &[]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(read(&policy, &request)).0, 7);
    drop(runtime);
    let entries = noted(&request, Room::Guard);
    assert_eq!((entries[0].1, entries[0].2), (Reason::DecisionPointUnavailable, false));
    assert!(entries[0].3.contains("the runtime ended"), "{entries:?}");
    drop(tell);
}

/// Asked outside of a guard, the policy decides as it always did.
#[tokio::test]
async fn a_detached_decision_is_that_of_the_policy() {
    let caller = portcullis_core::Principal::builder("alice", portcullis_core::CredentialMethod::Jwt).build();
    let (tell, slow, _) = Slow::new(false);
    tell.send(true).unwrap();
    let policy = EnginePolicy::new(slow);
    let detached = {
        let document = Document(7);
        Policy::<Read, _>::decide_detached(&policy, &caller, &document).unwrap()
    };
    let awaited = Policy::<Read, _>::decide_async(&policy, &caller, &Document(7)).await;
    let detached = detached.resolve().await;
    assert_eq!((detached.reason(), detached.detail()), (awaited.reason(), awaited.detail()));
}
