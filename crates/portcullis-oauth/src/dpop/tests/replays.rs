use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portcullis_core::{ReplayOutcome, ReplayStore, Step, StoreError};

use super::*;
use crate::replay::MemoryReplay;

/// A6.10, RFC 9449 §11.1.
#[test]
fn a_proof_passes_once_and_its_jti_not_again_for_the_same_url() {
    let bench = Bench::new(Dpop::new());
    let token = bench.token().sign();
    let proof = bench.proof(&token);
    let dpop = format!("DPoP {token}");
    assert_eq!(bench.ask(&dpop, &[&proof.sign()]).reason(), Ok(()));
    for replay in [proof.sign(), proof.clone().claim("x", 1).sign(), proof.issued_ago(MILLISECOND).sign()] {
        let asked = bench.ask(&dpop, &[&replay]);
        assert_eq!(asked.reason(), Err(Reason::DpopProofReplayed));
        assert!(asked.challenges()[0].contains(r#"error="invalid_dpop_proof""#));
    }
    // Another client may happen to choose the same.
    let other = Bench::at(&bench.time, Algorithm::Es256, Dpop::new());
    other.check(|proof| proof.claim("jti", "proof-1"), Ok(()));
}

const MILLISECOND: Duration = Duration::from_millis(1);

/// A6.10: up to the end of the window, also for one that is dated ahead.
#[test]
fn a_proof_is_remembered_for_as_long_as_it_could_be_used() {
    let bench = Bench::new(Dpop::new());
    let token = bench.token().sign();
    let proof = bench.proof(&token).issued_in(Duration::from_secs(5)).sign();
    let dpop = format!("DPoP {token}");
    assert_eq!(bench.ask(&dpop, &[&proof]).reason(), Ok(()));
    bench.time.advance(Duration::from_secs(35));
    assert_eq!(bench.ask(&dpop, &[&proof]).reason(), Err(Reason::DpopProofReplayed));
    bench.time.advance(MILLISECOND);
    assert_eq!(bench.ask(&dpop, &[&proof]).reason(), Err(Reason::DpopProofExpired));
}

/// A6.10: of a thousand at once, one.
#[test]
fn of_a_thousand_parallel_replays_one_passes() {
    let bench = Bench::new(Dpop::new());
    let token = bench.token().sign();
    let proof = bench.proof(&token).sign();
    let passed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                for _ in 0..100 {
                    match bench.ask(&format!("DPoP {token}"), &[&proof]).reason() {
                        Ok(()) => passed.fetch_add(1, Ordering::SeqCst),
                        Err(reason) => {
                            assert_eq!(reason, Reason::DpopProofReplayed);
                            0
                        }
                    };
                }
            });
        }
    });
    assert_eq!(passed.into_inner(), 1);
}

/// A6.10: nothing that is refused for another reason takes room, so that strangers cannot fill the store.
#[test]
fn only_good_requests_take_room() {
    let time = FakeClock::new();
    let store = Arc::new(MemoryReplay::new(time.clock()));
    let bench = Bench::at(&time, Algorithm::Es256, Dpop::new().replay(store.clone()));
    let token = bench.token().expired_since(Duration::from_secs(600)).sign();
    let other = bench.issuer.token("alice").sign();
    for token in [token, other] {
        let proof = bench.proof(&token).sign();
        assert!(bench.ask(&format!("DPoP {token}"), &[&proof]).answer.is_err());
    }
    bench.check(|proof| proof.claim("htm", "PUT"), Err(Reason::DpopProofMismatch));
    assert!(store.is_empty());
    bench.check(|proof| proof, Ok(()));
    assert_eq!(store.len(), 1);
}

struct Answering(Option<ReplayOutcome>, bool);

impl ReplayStore for Answering {
    fn remember(&self, _: &[u8], _: &[u8], _: Duration) -> Step<Result<ReplayOutcome, StoreError>> {
        let answer = self.0.ok_or_else(|| StoreError::new("down"));
        if self.1 { Step::wait(async { answer }) } else { Step::Done(answer) }
    }
}

/// A6.10, A4.4: a store that is full or down is a failure of the server, never a pass, and no fault of the client.
#[test]
fn a_store_that_is_full_or_down_is_503() {
    for waits in [false, true] {
        for (outcome, expected) in [
            (Some(ReplayOutcome::Fresh), Ok(())),
            (Some(ReplayOutcome::Replayed), Err(Reason::DpopProofReplayed)),
            (Some(ReplayOutcome::Full), Err(Reason::ReplayStoreUnavailable)),
            (None, Err(Reason::ReplayStoreUnavailable)),
        ] {
            let bench = Bench::new(Dpop::new().replay(Arc::new(Answering(outcome, waits))));
            let asked = bench.with_proof(|proof| proof);
            assert_eq!(asked.reason(), expected);
            if let Err(denial) = &asked.answer
                && denial.is_failure()
            {
                assert_eq!((denial.status().as_u16(), asked.challenges().len()), (503, 0));
            }
        }
    }
}

/// A6.10: at the default limit of one client.
#[test]
fn one_client_that_fills_its_share_is_refused_and_others_are_not() {
    let time = FakeClock::new();
    let store = Arc::new(MemoryReplay::new(time.clock()).with_room_for(100, 3).unwrap());
    let bench = |time: &FakeClock| Bench::at(time, Algorithm::Es256, Dpop::new().replay(store.clone()));
    let (greedy, other) = (bench(&time), bench(&time));
    for _ in 0..3 {
        greedy.check(|proof| proof, Ok(()));
    }
    greedy.check(|proof| proof, Err(Reason::ReplayStoreUnavailable));
    other.check(|proof| proof, Ok(()));
    time.advance(Duration::from_secs(32));
    greedy.check(|proof| proof, Ok(()));
}
