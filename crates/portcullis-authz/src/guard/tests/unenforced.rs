//! Policies that wait, hold on to the resource, and are not enforced: nobody waits for them.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::Poll;
use std::time::Duration;

use portcullis_core::{Mode, Trail};

use super::*;

/// What comes of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Refuses when it is first polled.
    Knows,
    /// Refuses when it is polled again.
    Yields,
    Never,
    PanicsAsked,
    PanicsPolled,
    /// Never ends, and panics when it is let go of.
    PanicsDropped,
    /// Refuses, and panics when it is let go of.
    PanicsDone,
}

struct Waits {
    does: Does,
    mode: Mode,
    awaited: bool,
    polls: Arc<AtomicUsize>,
}

/// What a wait holds on to.
struct Held(bool);

impl Drop for Held {
    fn drop(&mut self) {
        assert!(!self.0, "let go of");
    }
}

impl<A, R: Sync> AsyncPolicy<A, R> for Waits {
    fn decide(&self, _: &Principal, _: &R) -> impl Future<Output = Decision> + Send {
        let (does, polls) = (self.does, Arc::clone(&self.polls));
        assert!(does != Does::PanicsAsked, "asked");
        let held = Held(matches!(does, Does::PanicsDropped | Does::PanicsDone));
        poll_fn(move |cx| {
            let (_, again) = (&held, polls.fetch_add(1, Ordering::Relaxed) > 0);
            match does {
                Does::Knows | Does::PanicsDone => Poll::Ready(Decision::deny(Reason::PolicyDenied)),
                Does::Yields if again => Poll::Ready(Decision::deny(Reason::PolicyDenied)),
                Does::PanicsPolled => panic!("polled"),
                Does::PanicsAsked | Does::Never | Does::PanicsDropped => Poll::Pending,
                Does::Yields => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            }
        })
    }

    fn danger_await_unenforced(&self) -> bool {
        self.awaited
    }

    fn mode(&self) -> Mode {
        self.mode
    }
}

impl Submitted for Announcement {
    type Rules = Rules;
}

fn waits(does: Does, mode: Mode, awaited: bool) -> (Awaited<Waits>, Arc<AtomicUsize>) {
    let polls = Arc::<AtomicUsize>::default();
    (Awaited(Waits { does, mode, awaited, polls: Arc::clone(&polls) }), polls)
}

fn bob() -> Document {
    Document { owner: "bob".to_owned() }
}

/// Not enforced, it must be answered when the guard is first polled, and is polled no more than once.
#[track_caller]
fn check(does: Does, mode: Mode, polls_expected: usize, expected: Reason) {
    let request = lot(mode, false);
    let view = RequestView::of(&request).unwrap();
    let (policy, polls) = waits(does, mode, false);
    let permit = deadline::at_once(Guard::new(&policy).authorize_async::<Read, _>(&view, bob()));
    assert_eq!(permit.expect("nobody waits").unwrap().owner, "bob", "{does:?}");
    assert_eq!(polls.load(Ordering::Relaxed), polls_expected, "{does:?}");
    let noted = noted(&request, Room::Guard);
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!((noted[0].0, noted[0].1, noted[0].2), (Effect::Deny, expected, false), "{does:?}");
    let is_told = noted[0].3.contains("not awaited: ") && noted[0].3.contains("P279");
    assert_eq!(is_told, expected == Reason::DecisionPointUnavailable, "{noted:?}");
}

/// A request of which the share of that mode is enforced, or not.
fn lot(mode: Mode, enforced: bool) -> Request<()> {
    let mut requests = std::iter::repeat_with(|| request(&known("", &[])));
    requests.find(|request| Trail::of(request.extensions()).unwrap().enforces(mode) == enforced).unwrap()
}

/// Issue 4, point 5: never affects a response, not even if its own backend fails.
#[test]
fn no_request_waits_for_a_policy_that_is_not_enforced() {
    for mode in [Mode::Shadow, Mode::Percent(0), Mode::Percent(50)] {
        check(Does::Never, mode, 1, Reason::DecisionPointUnavailable);
        check(Does::Yields, mode, 1, Reason::DecisionPointUnavailable);
        check(Does::Knows, mode, 1, Reason::PolicyDenied);
    }
}

#[test]
fn what_panics_there_changes_no_answer() {
    check(Does::PanicsAsked, Mode::Shadow, 0, Reason::Panicked);
    check(Does::PanicsPolled, Mode::Shadow, 1, Reason::Panicked);
    check(Does::PanicsDropped, Mode::Shadow, 1, Reason::Panicked);
    check(Does::PanicsDone, Mode::Shadow, 1, Reason::Panicked);
}

#[tokio::test(start_paused = true)]
async fn every_way_to_ask_a_guard_goes_on_at_once() {
    let begun = tokio::time::Instant::now();
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let (policy, polls) = waits(Does::Never, Mode::Shadow, false);
    let (guard, store) = (Guard::new(&policy), Store::default());
    let permit = guard.load_and_authorize::<Read, Document>(&view, &store, "bob").await.unwrap();
    assert_eq!(permit.also::<Write, _>(&policy).await.unwrap().owner, "bob");
    assert!(guard.check_async::<Create, _>(&view, 7).await.is_ok());
    assert!(guard.submitted::<Create, _>(view.trail(), Announcement).await.is_ok());
    assert_eq!((begun.elapsed(), polls.load(Ordering::Relaxed)), (Duration::ZERO, 4));
    // Where nobody could wait, that is what would have been told.
    assert!(guard.authorize::<Read, _>(&view, bob()).is_ok() && guard.check::<Read, _>(&view, 7).is_ok());
    let reasons: Vec<_> = noted(&request, Room::Guard).iter().map(|noted| (noted.1, noted.2)).collect();
    let (unavailable, misconfigured) = (Reason::DecisionPointUnavailable, Reason::Misconfigured);
    assert_eq!(reasons[..4], [(unavailable, false); 4]);
    assert_eq!(reasons[4..], [(misconfigured, false); 2]);
}

#[tokio::test(start_paused = true)]
async fn of_a_share_those_for_whom_it_is_enforced_wait() {
    let mode = Mode::Percent(50);
    let begun = tokio::time::Instant::now();
    let late = (Reason::PolicyDeadlineExceeded, DEFAULT_DECISION_DEADLINE);
    for (does, expected) in [(Does::Yields, (Reason::ResourceHidden, Duration::ZERO)), (Does::Never, late)] {
        let request = lot(mode, true);
        let view = RequestView::of(&request).unwrap();
        let (policy, _) = waits(does, mode, false);
        let refused = Guard::new(&policy).authorize_async::<Read, _>(&view, bob()).await.unwrap_err();
        assert_eq!((refused.reason(), begun.elapsed()), expected);
        assert!(noted(&request, Room::Guard)[0].2);
    }
}

/// Whoever says so waits, at most for the deadline; what comes of it still refuses nothing.
#[tokio::test(start_paused = true)]
async fn a_policy_that_says_so_is_awaited_and_changes_no_answer() {
    let deadline = Duration::from_millis(7);
    for (does, reason, waited) in [
        (Does::Knows, Reason::PolicyDenied, Duration::ZERO),
        (Does::Yields, Reason::PolicyDenied, Duration::ZERO),
        (Does::Never, Reason::PolicyDeadlineExceeded, deadline),
        (Does::PanicsAsked, Reason::Panicked, Duration::ZERO),
        (Does::PanicsPolled, Reason::Panicked, Duration::ZERO),
        (Does::PanicsDropped, Reason::PolicyDeadlineExceeded, deadline),
        (Does::PanicsDone, Reason::PolicyDenied, Duration::ZERO),
    ] {
        let request = request(&known("", &[]));
        let view = RequestView::of(&request).unwrap();
        let begun = tokio::time::Instant::now();
        let (policy, _) = waits(does, Mode::Shadow, true);
        let guard = Guard::new(&policy).with_decision_deadline(deadline);
        assert!(guard.authorize_async::<Read, _>(&view, bob()).await.is_ok(), "{does:?}");
        let noted = noted(&request, Room::Guard);
        assert_eq!((noted[0].1, noted[0].2, begun.elapsed()), (reason, false, waited), "{does:?}");
    }
}
