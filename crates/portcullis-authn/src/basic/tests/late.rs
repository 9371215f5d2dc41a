//! A store that does not answer in time.

use std::future::{Future as _, pending};

use portcullis_core::{Denial, Reason};
use tokio::time::{Instant, sleep};

use super::*;
use crate::{DEFAULT_STORE_DEADLINE, MAX_STORE_DEADLINE};

/// Finds alice after so long, and takes as long to keep a new hash.
struct Late {
    finds: Duration,
    keeps: Duration,
    hash: String,
}

impl UserStore for Late {
    async fn find(&self, _: &str) -> Result<Option<User>, StoreError> {
        sleep(self.finds).await;
        Ok(Some(User::new(PasswordHashString::parse(&self.hash).unwrap(), principal("alice"))))
    }

    async fn rehashed(
        &self,
        _: &str,
        _: &PasswordHashString,
        _: PasswordHashString,
    ) -> Result<Rehash, StoreError> {
        sleep(self.keeps).await;
        Ok(Rehash::Kept)
    }
}

/// Alice's login, and how long it took.
async fn login(scheme: Basic<impl UserStore>) -> (Result<String, &'static str>, Duration) {
    let route = route(scheme);
    let begun = Instant::now();
    let asked = log_in(&route, "alice", "secret").await;
    (asked.who(), begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_503_at_the_deadline() {
    struct Silent;

    impl UserStore for Silent {
        async fn find(&self, _: &str) -> Result<Option<User>, StoreError> {
            pending().await
        }
    }

    let late = Err("store_deadline_exceeded");
    assert_eq!(login(Basic::new(Silent)).await, (late.clone(), DEFAULT_STORE_DEADLINE));
    let shorter = Duration::from_millis(100);
    let (who, took) = login(Basic::new(Silent).deadline(shorter)).await;
    assert_eq!((who, took.as_millis()), (late, 100));

    let guard: Arc<RecordingGuard> = Arc::default();
    let asked: Arc<dyn AttemptGuard> = guard.clone();
    let request = request(&[("authorization", basic("alice", "secret").as_bytes())]);
    let answer = ask_guarded(&route(Basic::new(Silent)), request, Some(&asked)).await.answer.unwrap_err();
    assert_eq!((answer.status().as_u16(), answer.reason()), (503, Reason::StoreDeadlineExceeded));
    assert_eq!(Denial::explanation(&answer), Some("the store did not answer within 5s"));
    // It is no wrong password: the attempt is given back.
    assert_eq!(guard.seen(), ["before password alice", "after alice Unknown"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_answers_in_time_is_waited_for() {
    let just = DEFAULT_STORE_DEADLINE - Duration::from_millis(1);
    let store = |finds, keeps| Late { finds, keeps, hash: hash("secret").expose().to_owned() };
    let (who, took) = login(Basic::new(store(just, Duration::ZERO))).await;
    assert_eq!(who.as_deref(), Ok("alice"));
    assert!(took >= just && took < DEFAULT_STORE_DEADLINE, "{took:?}");

    // A new hash that is not kept in time refuses nobody.
    let keeps = Duration::from_secs(3600);
    let (who, took) = login(Basic::new(store(Duration::ZERO, keeps)).deadline(Duration::from_secs(2))).await;
    assert_eq!((who.as_deref(), took.as_secs()), (Ok("alice"), 2));
}

/// Nothing would keep the time.
#[test]
fn a_store_that_has_to_wait_needs_a_runtime() {
    struct Slow;

    impl UserStore for Slow {
        async fn find(&self, _: &str) -> Result<Option<User>, StoreError> {
            pending().await
        }
    }

    use std::task::{Context, Poll, Waker};
    let answered = || {
        let route = route(Basic::new(Slow));
        let mut asked = Box::pin(log_in(&route, "alice", "secret"));
        let Poll::Ready(asked) = asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it waits for ever");
        };
        asked.who()
    };
    assert_eq!(answered(), Err("misconfigured"));
    // Nor would this one.
    let timeless = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(timeless.block_on(async { answered() }), Err("misconfigured"));
}

#[test]
fn a_deadline_is_longer_than_nothing_and_no_longer_than_a_minute() {
    let codes = |deadline| {
        let scheme = Basic::new(users(&[])).deadline(deadline);
        let built = Schemes::builder("r", Clock::system()).scheme("password", scheme).build();
        built.map(drop).map_err(|errors| errors.codes().collect::<Vec<_>>())
    };
    assert_eq!(codes(Duration::ZERO), Err(vec!["P110"]));
    assert_eq!(codes(MAX_STORE_DEADLINE), Ok(()));
    assert_eq!(codes(MAX_STORE_DEADLINE + Duration::from_nanos(1)), Err(vec!["P110"]));
}
