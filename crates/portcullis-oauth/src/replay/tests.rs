use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portcullis_core::{ConfigCode, ReplayOutcome, ReplayStore, conformance};
use portcullis_testkit::FakeClock;

use super::*;

fn outcome(store: &MemoryReplay, owner: &str, value: &str) -> ReplayOutcome {
    let step = store.remember(owner.as_bytes(), value.as_bytes(), Duration::from_secs(30));
    step.done().unwrap().unwrap()
}

fn store(time: &FakeClock, capacity: usize, per_owner: usize) -> MemoryReplay {
    MemoryReplay::new(time.clock()).with_room_for(capacity, per_owner).unwrap()
}

/// A6.10, RFC 9449 §11.1.
#[tokio::test]
async fn does_what_every_store_of_one_time_values_does() {
    let time = FakeClock::new();
    conformance::replays(&MemoryReplay::new(time.clock()), async |by| time.advance(by)).await;
    for (owners, per_owner) in [(1, 1), (3, 7), (40, 1)] {
        let store = store(&time, (owners * per_owner) as usize, per_owner as usize);
        conformance::full_replays(&store, owners, per_owner, async |by| time.advance(by)).await;
    }
}

/// A6.10: of callers who show the same value at the same time, one is the first.
#[test]
fn of_a_thousand_at_once_exactly_one_passes() {
    let time = FakeClock::new();
    let store = MemoryReplay::new(time.clock());
    let (fresh, replayed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start = Barrier::new(20);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                start.wait();
                for _ in 0..50 {
                    match outcome(&store, "alice", "value") {
                        ReplayOutcome::Fresh => fresh.fetch_add(1, Ordering::SeqCst),
                        ReplayOutcome::Replayed => replayed.fetch_add(1, Ordering::SeqCst),
                        other => panic!("{other:?}"),
                    };
                }
            });
        }
    });
    assert_eq!((fresh.into_inner(), replayed.into_inner()), (1, 999));
}

/// A6.10: at the limit, and also when many come at once.
#[test]
fn never_holds_more_than_its_room() {
    let time = FakeClock::new();
    let store = store(&time, 100, 100);
    let fresh = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (store, fresh) = (&store, &fresh);
            scope.spawn(move || {
                for value in 0..50 {
                    if outcome(store, &format!("{thread}"), &format!("{value}")) == ReplayOutcome::Fresh {
                        fresh.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!((fresh.into_inner(), store.len()), (100, 100));
}

/// One client that fills its own share keeps nobody else out.
#[test]
fn one_owner_cannot_take_the_room_of_others() {
    let time = FakeClock::new();
    let store = MemoryReplay::new(time.clock());
    for value in 0..2 * DEFAULT_PER_OWNER {
        let expected = if value < DEFAULT_PER_OWNER { ReplayOutcome::Fresh } else { ReplayOutcome::Full };
        assert_eq!(outcome(&store, "mallory", &value.to_string()), expected);
    }
    assert_eq!(outcome(&store, "alice", "1"), ReplayOutcome::Fresh);
    assert_eq!(store.len(), DEFAULT_PER_OWNER + 1);
}

#[test]
fn forgets_everything_in_time_and_shows_nothing() {
    let time = FakeClock::new();
    let store = store(&time, 64, 64);
    for value in 0..64 {
        outcome(&store, &format!("owner {value}"), "s3cret");
    }
    assert!(!format!("{store:?}").contains("s3cret"));
    time.advance(Duration::from_secs(31));
    // The values of every shard make room, not only those that are looked at.
    for value in 64..128 {
        assert_eq!(
            outcome(&store, &format!("owner {}", value % 7), &value.to_string()),
            ReplayOutcome::Fresh
        );
    }
    assert_eq!(store.len(), 64);
}

#[test]
fn a_store_without_room_is_refused_when_it_is_made() {
    for (capacity, per_owner) in [(0, 1), (1, 0)] {
        let store = MemoryReplay::new(FakeClock::new().clock());
        let error = store.with_room_for(capacity, per_owner).unwrap_err();
        assert_eq!(error.code(), ConfigCode::DpopOutOfRange);
    }
}

/// At its limit, each value with another owner: what the documentation of the limit says.
#[test]
fn a_full_store_takes_no_more_memory_than_its_limit_says() {
    let time = FakeClock::new();
    let store = MemoryReplay::new(time.clock());
    let fill = || {
        for value in 0..DEFAULT_CAPACITY {
            assert_eq!(outcome(&store, &format!("owner {value}"), "value"), ReplayOutcome::Fresh);
        }
    };
    let held = allocation_counter::measure(fill).bytes_current;
    let each = held / i64::try_from(store.len()).unwrap();
    eprintln!("{} one-time values take {held} octets, {each} each", store.len());
    assert!((64..=MOST_OCTETS_EACH).contains(&each), "{each}");
}

const MOST_OCTETS_EACH: i64 = 160;
