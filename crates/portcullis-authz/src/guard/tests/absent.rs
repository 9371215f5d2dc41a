//! What does not exist: policies that wait are asked about a stand-in, so that nobody can tell it from what is hidden.

use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

use portcullis_core::{Explanation, Finding, Mode};

use super::*;

/// Keeps what it is asked about, waits, and says this.
struct Asked {
    says: fn() -> Decision,
    mode: Mode,
    about: Mutex<Vec<String>>,
}

impl Asked {
    fn saying(says: fn() -> Decision) -> Awaited<Self> {
        Awaited(Self { says, mode: Mode::Enforce, about: Mutex::default() })
    }

    fn about(&self) -> Vec<String> {
        self.about.lock().unwrap().clone()
    }
}

impl AsyncPolicy<Read, Document> for Asked {
    async fn decide(&self, _: &Principal, document: &Document) -> Decision {
        self.about.lock().unwrap().push(document.owner.clone());
        tokio::task::yield_now().await;
        (self.says)()
    }

    fn mode(&self) -> Mode {
        self.mode
    }
}

fn no() -> Decision {
    Decision::deny(Reason::PolicyDenied).because("not hers")
}

/// The answer, and what the event says.
async fn asked(policy: &impl Policy<Read, Document>, id: &str) -> (Denial, String) {
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let (guard, store) = (Guard::new(policy), Store::default());
    let denial = guard.load_and_authorize::<Read, Document>(&view, &store, id).await.map(drop).unwrap_err();
    (denial, noted(&request, Room::Guard).remove(0).3)
}

/// A21.1.
#[tokio::test]
async fn a_policy_that_waits_is_asked_about_a_stand_in_for_what_does_not_exist() {
    let policy = Asked::saying(no);
    let (hidden, hidden_event) = asked(&policy, "bob").await;
    let (absent, absent_event) = asked(&policy, "absent").await;
    assert_eq!(policy.0.about(), ["bob", "nobody has absent"]);
    assert_eq!((hidden.reason(), absent.reason()), (Reason::ResourceHidden, Reason::ResourceNotFound));
    assert_eq!(answer(&hidden), answer(&absent));
    assert_eq!(hidden_event, "Read Document/bob: policy_denied, not hers");
    let expected = "Read Document/absent: resource_not_found, nothing is there; of a stand-in: not hers";
    assert_eq!(absent_event, expected);
}

/// Whoever reads it must not take it for a decision about something that is there.
#[tokio::test]
async fn the_tree_of_what_does_not_exist_says_what_is_of_a_stand_in_and_decided_nothing() {
    let policy =
        Asked::saying(|| no().explained(Explanation::new("forbid frozen", Finding::Holds).decisive()));
    let (absent, _) = asked(&policy, "absent").await;
    let tree = absent.explanation_tree().unwrap().tree(None).to_string();
    let expected = "* Read Document/absent: fails, held resource_not_found\n  of a stand-in: holds\n    forbid frozen: holds\n";
    assert_eq!(tree, expected);
}

#[tokio::test]
async fn nothing_of_a_stand_in_is_handed_over_whatever_the_policy_says_of_it() {
    let policy = Asked::saying(|| Decision::allow(Reason::PolicyAllowed));
    let (absent, _) = asked(&policy, "absent").await;
    assert_eq!((absent.status().as_u16(), absent.reason()), (404, Reason::ResourceNotFound));
    // A reason to allow that comes with a refusal is a mistake, of both.
    let policy = Asked::saying(|| Decision::deny(Reason::PolicyAllowed));
    for id in ["bob", "absent"] {
        assert_eq!(asked(&policy, id).await.0.status(), 500, "{id}");
    }
}

/// Invariant 4: no answer is neither a pass nor a refusal, and it is none for what does not exist.
#[tokio::test]
async fn a_policy_that_fails_is_503_for_what_exists_and_for_what_does_not() {
    let policy = Asked::saying(|| Decision::deny(Reason::DecisionPointUnavailable).because("it is down"));
    let (hidden, _) = asked(&policy, "bob").await;
    let (absent, event) = asked(&policy, "absent").await;
    assert_eq!((absent.status().as_u16(), absent.reason()), (503, Reason::DecisionPointUnavailable));
    assert_eq!(answer(&hidden), answer(&absent));
    let expected =
        "Read Document/absent: decision_point_unavailable, nothing is there; of a stand-in: it is down";
    assert_eq!(event, expected);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_late_is_late_for_what_does_not_exist_too() {
    struct Silent;
    impl AsyncPolicy<Read, Document> for Silent {
        async fn decide(&self, _: &Principal, _: &Document) -> Decision {
            pending().await
        }
    }
    for id in ["bob", "absent"] {
        let begun = tokio::time::Instant::now();
        let (denial, _) = asked(&Awaited(Silent), id).await;
        assert_eq!(
            (denial.reason(), begun.elapsed()),
            (Reason::PolicyDeadlineExceeded, Duration::from_secs(2))
        );
    }
}

#[tokio::test]
async fn what_hides_nothing_asks_about_nothing_that_is_not_there() {
    let mut policy = Asked::saying(no);
    policy.0.mode = Mode::Shadow;
    assert_eq!(asked(&policy, "absent").await.0.status(), 404);
    assert!(policy.0.about().is_empty());
}

#[tokio::test]
async fn a_resource_may_say_that_time_may_tell() {
    #[derive(Debug)]
    struct Open;
    impl Resource for Open {
        type Id = u32;
        type Store = Store;
        type Rules = Rules;
        const ABSENT: Absent<Self> = Absent::DangerUnasked;
    }
    impl Load<Open> for Store {
        async fn load(&self, _: &u32) -> Result<Option<Open>, StoreError> {
            Ok(None)
        }
    }
    struct Never;
    impl AsyncPolicy<Read, Open> for Never {
        async fn decide(&self, _: &Principal, _: &Open) -> Decision {
            Decision::deny(Reason::StoreUnavailable)
        }
    }
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let policy = Awaited(Never);
    let guard = Guard::new(&policy);
    let asked = guard.load_and_authorize::<Read, Open>(&view, &Store::default(), "7").await;
    assert_eq!(asked.map(drop).unwrap_err().reason(), Reason::ResourceNotFound);
}

/// A policy in plain code takes as long for it, where somebody said what stands in.
#[tokio::test]
async fn a_policy_in_plain_code_is_asked_too_where_there_is_a_stand_in() {
    struct Plain(Mutex<Vec<String>>);
    impl Policy<Read, Document> for Plain {
        fn decide(&self, _: &Principal, document: &Document) -> Decision {
            self.0.lock().unwrap().push(document.owner.clone());
            no()
        }
    }
    let policy = Plain(Mutex::default());
    assert_eq!(asked(&policy, "absent").await.0.status(), 404);
    assert_eq!(*policy.0.lock().unwrap(), ["nobody has absent"]);
}

/// A policy around another one that forgets to say so tells by its time what exists, unless somebody finds out.
#[tokio::test]
async fn a_policy_that_waits_and_does_not_say_so_is_misconfigured_where_nothing_stands_in() {
    #[derive(Debug)]
    struct Bare;
    impl Resource for Bare {
        type Id = u32;
        type Store = Store;
        type Rules = Rules;
    }
    impl Load<Bare> for Store {
        async fn load(&self, id: &u32) -> Result<Option<Bare>, StoreError> {
            Ok((*id == 7).then_some(Bare))
        }
    }
    struct Logged {
        waits: bool,
    }
    impl Policy<Read, Bare> for Logged {
        fn decide(&self, _: &Principal, _: &Bare) -> Decision {
            Decision::allow(Reason::PolicyAllowed)
        }
        async fn decide_async(&self, _: &Principal, _: &Bare) -> Decision {
            if self.waits {
                tokio::task::yield_now().await;
            }
            Decision::allow(Reason::PolicyAllowed)
        }
    }
    let request = request(&known("", &[]));
    let (view, store) = (RequestView::of(&request).unwrap(), Store::default());
    for (waits, status) in [(false, None), (true, Some(500))] {
        let policy = Logged { waits };
        let guard = Guard::new(&policy);
        let asked = guard.load_and_authorize::<Read, Bare>(&view, &store, "7").await.map(drop);
        assert_eq!(asked.err().map(|denial| denial.status().as_u16()), status);
    }
    assert!(noted(&request, Room::Guard)[1].3.contains("`const WAITS: bool = true`"));
}

/// A filter that is too large fails, whatever it is asked about.
#[tokio::test]
async fn a_filter_that_is_too_large_fails_for_what_does_not_exist_too() {
    struct Endless;
    impl ListPolicy<Read, Document> for Endless {
        fn filter(&self, _: &Principal) -> Filter<Document> {
            const OWNER: Field<Document, str> = Field::text("owner", |document| Some(&document.owner));
            OWNER.one_of((0..=MAX_FILTER_TERMS).map(|number| number.to_string()))
        }
    }
    for id in ["bob", "absent"] {
        let (denial, event) = asked(&Filtered(Endless), id).await;
        assert_eq!(
            (denial.status().as_u16(), denial.reason()),
            (500, Reason::InternalError),
            "{id}: {event}"
        );
    }
}

/// What a client sees.
fn answer(denial: &Denial) -> (u16, Bytes) {
    let response = response(denial.clone());
    (response.status().as_u16(), response.into_body())
}
