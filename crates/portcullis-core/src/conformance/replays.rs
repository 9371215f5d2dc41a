use std::time::Duration;

use crate::ReplayOutcome::{Fresh, Full, Replayed};
use crate::{ReplayOutcome, ReplayStore};

const MINUTE: Duration = Duration::from_secs(60);

/// Shows one-time values to an empty store that has room for ten values of one owner at least, and shows some of
/// them again. `pass` lets that much time go by for the store.
///
/// # Panics
/// If the store answers wrongly or fails.
pub async fn replays<S: ReplayStore>(store: &S, pass: impl AsyncFn(Duration)) {
    check(store, b"alice", b"1", MINUTE, Fresh).await;
    check(store, b"alice", b"1", MINUTE, Replayed).await;
    check(store, b"alice", b"1", MINUTE, Replayed).await;
    check(store, b"alice", b"2", MINUTE, Fresh).await;
    // Owners do not get in each other's way, however their names and values are cut.
    check(store, b"bob", b"1", MINUTE, Fresh).await;
    check(store, b"alice1", b"", MINUTE, Fresh).await;
    check(store, b"", b"alice1", MINUTE, Fresh).await;
    check(store, b"alic", b"e1", MINUTE, Fresh).await;
    check(store, b"", b"alice1", MINUTE, Replayed).await;
    // Any octets, of any length.
    check(store, &[0; 300], &[0xff; 3000], MINUTE, Fresh).await;
    check(store, &[0; 300], &[0xff; 2999], MINUTE, Fresh).await;
    check(store, &[0; 300], &[0xff; 3000], MINUTE, Replayed).await;

    pass(MINUTE - Duration::from_secs(1)).await;
    check(store, b"alice", b"1", MINUTE, Replayed).await;
    // That a value was shown again does not prolong its time.
    pass(Duration::from_secs(2)).await;
    check(store, b"alice", b"1", MINUTE, Fresh).await;
    check(store, b"alice", b"1", MINUTE, Replayed).await;

    // Each value has a time of its own.
    check(store, b"carol", b"long", 10 * MINUTE, Fresh).await;
    check(store, b"carol", b"short", MINUTE, Fresh).await;
    pass(2 * MINUTE).await;
    check(store, b"carol", b"long", MINUTE, Replayed).await;
    check(store, b"carol", b"short", MINUTE, Fresh).await;
}

/// Fills an empty store that has room for `owners` times `per_owner` values, and for `per_owner` of one owner: it
/// refuses, keeps what it has, and takes new values when old ones have had their time.
///
/// # Panics
/// If the store answers wrongly or fails.
pub async fn full_replays<S: ReplayStore>(
    store: &S,
    owners: u32,
    per_owner: u32,
    pass: impl AsyncFn(Duration),
) {
    for owner in 0..owners {
        for value in 0..per_owner {
            check(store, &owner.to_be_bytes(), &value.to_be_bytes(), MINUTE, Fresh).await;
        }
        // The owner has as many as it may.
        check(store, &owner.to_be_bytes(), b"one more", MINUTE, Full).await;
    }
    // Nobody else finds room, and nothing was thrown away for the attempts.
    check(store, b"another", b"one more", MINUTE, Full).await;
    for owner in 0..owners {
        check(store, &owner.to_be_bytes(), &0_u32.to_be_bytes(), MINUTE, Replayed).await;
    }
    for (owner, value) in [(&b"another"[..], &b"one more"[..]), (&[0; 4], b"one more"), (&[0; 4], &[0; 4])] {
        pass(MINUTE + Duration::from_secs(1)).await;
        check(store, owner, value, MINUTE, Fresh).await;
    }
}

#[track_caller]
fn check<'a>(
    store: &'a impl ReplayStore,
    owner: &'a [u8],
    value: &'a [u8],
    keep: Duration,
    expected: ReplayOutcome,
) -> impl Future<Output = ()> + 'a {
    let caller = std::panic::Location::caller();
    async move {
        let found = store.remember(owner, value, keep).resolve().await;
        assert!(
            matches!(found, Ok(found) if found == expected),
            "{found:?} in place of {expected:?} at {caller}, for the owner {owner:?}"
        );
    }
}
