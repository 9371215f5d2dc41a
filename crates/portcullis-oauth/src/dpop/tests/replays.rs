use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portcullis_core::{
    Clock, Confirmation, CredentialMethod, Principal, ReplayOutcome, ReplayStore, Step, StoreError,
};

use super::*;
use crate::base64url;
use crate::dpop::verifier::{DpopVerifier, Evidence};
use crate::replay::MemoryReplay;
use crate::token::{Lifetime, Verified};

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

/// What one replica makes of a request, whose proof is looked at before the token is, and used up after it.
struct Replica(DpopVerifier);

impl Replica {
    fn new(time: &FakeClock, dpop: Dpop) -> Self {
        Self(dpop.build(["https://api.example"], &time.clock()).unwrap())
    }

    fn check(&self, token: &str, proof: &str) -> Evidence {
        self.look(token, proof).0.unwrap_or_else(|denial| panic!("{denial:?}"))
    }

    /// The nonce that it demands, or one that it passes over.
    fn nonce(&self, token: &str, proof: &str) -> String {
        let fields = self.look(token, proof).1;
        fields.get("dpop-nonce").map_or("none", |nonce| nonce.to_str().unwrap()).to_owned()
    }

    fn look(&self, token: &str, proof: &str) -> (Result<Evidence, Denial>, HeaderMap) {
        let mut request = Request::get("/documents").header("dpop", proof).body(()).unwrap();
        Trail::ensure(request.extensions_mut(), &Clock::system());
        let view = RequestView::of(&request).unwrap();
        let (looked, mut fields) = (self.0.check(token, &view), HeaderMap::new());
        view.trail().apply_fields(&mut fields);
        (looked, fields)
    }

    fn bind(&self, verified: &Verified, evidence: &Evidence) -> Result<(), Reason> {
        let answer = self.0.bind(verified.clone(), evidence).done().unwrap();
        answer.map(drop).map_err(|denial| denial.reason())
    }
}

impl Bench {
    /// A token that is bound to the client's key.
    fn verified(&self) -> Verified {
        let confirmation = self.client.confirmation();
        let key = base64url::decode(confirmation["jkt"].as_str().unwrap().as_bytes()).unwrap();
        let alice = Principal::builder("alice", CredentialMethod::Jwt)
            .confirmation(Confirmation::DpopKey(key.try_into().unwrap()));
        let ever = Lifetime { expires: None, not_before: None, issued: None, leeway: Duration::ZERO };
        Verified::new(alice.build(), ever)
    }
}

/// A6.10: an issuer that is slow to answer for the token does not carry a proof beyond the time for which the first
/// use of it is remembered.
#[test]
fn a_proof_whose_time_passes_while_the_token_is_verified_does_not_pass_again() {
    for nonces in [false, true] {
        let bench = Bench::new(Dpop::new());
        let replica = Replica::new(&bench.time, if nonces { Dpop::new().nonces() } else { Dpop::new() });
        let token = bench.token().sign();
        let proof = bench.proof(&token).nonce(&replica.nonce(&token, &bench.proof(&token).sign())).sign();
        let verified = bench.verified();
        let [first, late] = [(); 2].map(|()| replica.check(&token, &proof));
        assert_eq!(replica.bind(&verified, &first), Ok(()));
        bench.time.advance(Duration::from_secs(600));
        assert_eq!(replica.bind(&verified, &late), Err(Reason::DpopProofExpired));
    }
}

/// A6.10: replicas that share a store need not agree about the time to the second.
#[test]
fn a_replica_whose_clock_is_ahead_remembers_for_one_whose_clock_is_behind() {
    let bench = Bench::new(Dpop::new());
    let (behind, ahead) = (&bench.time, FakeClock::new());
    ahead.advance(Duration::from_secs(5));
    let store = Arc::new(MemoryReplay::new(behind.clock()));
    let [one, other] = [behind, &ahead].map(|time| Replica::new(time, Dpop::new().replay(store.clone())));
    let token = bench.token().sign();
    let (proof, verified) = (bench.proof(&token).sign(), bench.verified());
    assert_eq!(other.bind(&verified, &other.check(&token, &proof)), Ok(()));
    behind.advance(Duration::from_secs(30));
    assert_eq!(one.bind(&verified, &one.check(&token, &proof)), Err(Reason::DpopProofReplayed));
}

/// A6.10: a clock that is set back makes an old proof a new one.
#[test]
fn a_proof_is_remembered_also_when_the_clock_is_set_back_a_little() {
    let bench = Bench::new(Dpop::new());
    let token = bench.token().sign();
    let proof = bench.proof(&token).sign();
    let dpop = format!("DPoP {token}");
    assert_eq!(bench.ask(&dpop, &[&proof]).reason(), Ok(()));
    bench.time.advance(Duration::from_secs(34));
    bench.time.set(bench.time.clock().wall() - Duration::from_secs(5));
    assert_eq!(bench.ask(&dpop, &[&proof]).reason(), Err(Reason::DpopProofReplayed));
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
    time.advance(Duration::from_secs(37));
    greedy.check(|proof| proof, Ok(()));
}
